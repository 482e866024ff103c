import type { GraphFacts } from '../shared/graph/facts.ts';

/** What an examination tells of a graph, where a test doesn't care. */
export const NO_FACTS: GraphFacts = {
  irVersion: 8,
  producer: '',
  opsets: {},
  operators: {},
  nodes: 0,
  parameters: 0,
  parameterBytes: 0,
  quantized: 'no',
};
