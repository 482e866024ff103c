import { expect, test } from '@jest/globals';
import {
  float32s,
  graphAttribute,
  modelBytes,
  type Node,
  node,
  PLAIN,
} from '../../test/model-maker.ts';
import { readGraph } from './graph.ts';

const scale = float32s('scale', [], [0.1]);
const kind = (nodes: Node[], functions: { domain: string; name: string; node: Node[] }[] = []) =>
  readGraph(modelBytes({ ...PLAIN, initializer: [scale], node: nodes }, { functions })).facts
    ?.quantized;
const microsoft = { domain: 'com.microsoft' };

test.each<[string, Node[], string]>([
  ['no quantized operator', [node('Relu', ['x'], ['y'])], 'no'],
  ['weights dequantized', [node('DequantizeLinear', ['scale', 'scale'], ['y'])], 'weights'],
  ['block-quantized weights', [node('MatMulNBits', ['x', 'scale'], ['y'], microsoft)], 'weights'],
  ['weights quantized on the spot', [node('QuantizeLinear', ['scale', 'scale'], ['y'])], 'weights'],
  ['activations with a stored scale', [node('QuantizeLinear', ['x', 'scale'], ['y'])], 'static'],
  ['QLinear operators', [node('QLinearMatMul', ['x'], ['y'])], 'static'],
  ['integer products of integer input', [node('MatMulInteger', ['x', 'scale'], ['y'])], 'static'],
  [
    'activations with their own scale',
    [
      node('DynamicQuantizeLinear', ['x'], ['q', 's', 'z']),
      node('MatMulInteger', ['q', 'scale'], ['y']),
    ],
    'dynamic',
  ],
  ['the fused form', [node('DynamicQuantizeMatMul', ['x', 'scale'], ['y'], microsoft)], 'dynamic'],
  [
    'a scale computed from the input',
    [node('ReduceMax', ['x'], ['s']), node('QuantizeLinear', ['x', 's'], ['y'])],
    'dynamic',
  ],
  [
    'a scale computed from stored numbers',
    [node('Mul', ['scale', 'scale'], ['s']), node('QuantizeLinear', ['x', 's'], ['y'])],
    'static',
  ],
  [
    'a like-named operator of another domain',
    [node('DynamicQuantizeLinear', ['x'], ['y'], { domain: 'acme' })],
    'no',
  ],
])('%s', (_, nodes, expected) => {
  expect(kind(nodes)).toBe(expected);
});

test('a dynamic one in a subgraph counts, and a subgraph sees the scales around it', () => {
  const inside = (inner: Node) =>
    node('If', ['x'], ['y'], { attribute: [graphAttribute('then_branch', { node: [inner] })] });
  expect(kind([inside(node('DynamicQuantizeLinear', ['x'], ['q', 's', 'z']))])).toBe('dynamic');
  expect(kind([inside(node('QuantizeLinear', ['x', 'scale'], ['q']))])).toBe('static');
});

test('a function’s own constant is a stored scale, its argument is not', () => {
  const f = (...body: Node[]) => [{ domain: 'my', name: 'F', node: body }];
  const call = [node('F', ['x', 'scale'], ['y'], { domain: 'my' })];
  expect(
    kind(call, f(node('Constant', [], ['s']), node('QuantizeLinear', ['a', 's'], ['o']))),
  ).toBe('static');
  expect(kind(call, f(node('QuantizeLinear', ['a', 'b'], ['o'])))).toBe('dynamic');
});
