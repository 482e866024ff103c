import { decodeModel } from './decode.ts';
import type { GraphFacts } from './facts.ts';
import { graphFacts } from './facts.ts';
import { operatorFaults } from './operators.ts';
import { type DraftSignature, readSignature } from './signature.ts';
import { tensorFaults } from './tensors.ts';

/** What the protobuf itself tells, before any runtime has seen the model. */
export type GraphReading =
  | {
      readonly ok: true;
      readonly facts: GraphFacts;
      readonly draft: DraftSignature;
      readonly warnings: readonly string[];
    }
  | { readonly ok: false; readonly reasons: readonly string[]; readonly facts?: GraphFacts };

const MAX_REASONS = 20;
/** Facts and signature are stored with the version, beside its card, in one document. */
const MAX_STORED_BYTES = 300_000;

/**
 * Reads an ONNX file that nobody trusts: facts, signature, and what keeps it from being served.
 * Never throws for what the bytes hold; takes a few times their size in memory.
 */
export function readGraph(bytes: Uint8Array): GraphReading {
  const decoding = decodeModel(bytes);
  if (!decoding.ok) return { ok: false, reasons: [decoding.reason] };
  const { model } = decoding;
  if (!model.graph) return { ok: false, reasons: ['the model holds no graph'] };

  const facts = graphFacts(model);
  const { draft, faults, warnings } = readSignature(model.graph);
  const stored = JSON.stringify({ facts, draft, warnings }).length;
  if (stored > MAX_STORED_BYTES) {
    return {
      ok: false,
      reasons: [
        `inputs, outputs and operators take ${stored} bytes to describe; expected at most ${MAX_STORED_BYTES}. Give the model fewer inputs and outputs, or shorter names`,
      ],
    };
  }
  const reasons = firstOf(faults, operatorFaults(model), tensorFaults(model));
  return reasons.length > 0 ? { ok: false, reasons, facts } : { ok: true, facts, draft, warnings };
}

/** The first reasons, and how many more there are. */
function firstOf(...sources: readonly Iterable<string>[]): string[] {
  const reasons: string[] = [];
  let more = 0;
  for (const source of sources) {
    for (const reason of source) {
      if (reasons.length < MAX_REASONS) reasons.push(reason);
      else more += 1;
    }
  }
  return more > 0 ? [...reasons, `and ${more} more of this kind`] : reasons;
}
