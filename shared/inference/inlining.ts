import type { GraphFacts } from '../graph/facts.ts';
import type { Signature } from '../protocol/tensor.ts';

/** Operators whose work depends on values: such a graph may be quick a thousand times and then not. */
const CONTROL_FLOW = ['Loop', 'If', 'Scan', 'SequenceMap'];

/**
 * Whether a model that was quick once is quick always, so that it may run on the main thread: no
 * control flow, and every dimension but the first fixed.
 */
export function isInlineable({ inputs }: Signature, facts: Pick<GraphFacts, 'operators'>): boolean {
  return (
    !CONTROL_FLOW.some((operator) => Object.hasOwn(facts.operators, operator)) &&
    inputs.every(({ shape }) => shape !== undefined && !shape.slice(1).includes(-1))
  );
}
