import type { GraphFacts } from '../../graph/facts.ts';
import type { DraftSignature } from '../../graph/signature.ts';
import type { Batching } from '../../inference/batching.ts';
import type { Inspection } from '../../ports.ts';
import type { Signature } from '../../protocol/tensor.ts';
import type { Phase } from './examination.ts';

/** What a working thread of the examining process is started for. */
export type Step =
  | { readonly kind: 'read'; readonly file: string }
  | { readonly kind: 'run'; readonly file: string; readonly draft: DraftSignature };

/** What it posts: phases as they begin, then one of the others. */
export type Outcome =
  | { readonly kind: 'phase'; readonly phase: Phase }
  | {
      readonly kind: 'read';
      readonly facts: GraphFacts;
      readonly draft: DraftSignature;
      readonly warnings: readonly string[];
    }
  | {
      readonly kind: 'run';
      readonly signature: Signature;
      readonly warnings: readonly string[];
      readonly loadMs: number;
      readonly runMs?: number;
      readonly batching?: Batching;
    }
  | { readonly kind: 'rejected'; readonly inspection: Extract<Inspection, { ok: false }> };
