import type { GraphFacts } from '../graph/facts.ts';
import type { Signature } from '../protocol/tensor.ts';
import type { Batching } from './batching.ts';

/** Operators whose work depends on values: such a graph may be quick a thousand times and then not. */
const CONTROL_FLOW = ['Loop', 'If', 'Scan', 'SequenceMap'];

/** A model that took longer when it was examined can't be one that takes a fraction of a millisecond. */
const MAX_EXAMINED_MS = 5;

/** What the examination found. */
interface Examined {
  readonly signature: Signature;
  readonly facts: Pick<GraphFacts, 'operators'>;
  /** The first run. */
  readonly runMs?: number | undefined;
  readonly batching?: Pick<Batching, 'curve'> | undefined;
}

/**
 * Whether a model may be one for the main thread, which its loading then measures: it was quick, and
 * what was quick once is quick always (no control flow, and every dimension but the first fixed).
 */
export function isInlineable({ signature, facts, runMs = 0, batching }: Examined): boolean {
  const [alone] = batching?.curve ?? [];
  const examinedMs = alone ? (1000 * alone.rows) / alone.rowsPerSecond : runMs;
  return (
    examinedMs <= MAX_EXAMINED_MS &&
    !CONTROL_FLOW.some((operator) => Object.hasOwn(facts.operators, operator)) &&
    signature.inputs.every(({ shape }) => shape !== undefined && !shape.slice(1).includes(-1))
  );
}
