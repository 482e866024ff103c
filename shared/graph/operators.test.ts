import { expect, test } from '@jest/globals';
import { modelBytes, type Node, node, PLAIN } from '../../test/model-maker.ts';
import { readGraph } from './graph.ts';

const withNodes = (nodes: Node[], functions: { domain: string; name: string }[] = []) =>
  readGraph(modelBytes({ ...PLAIN, node: nodes }, { functions }));

test.each(['', 'ai.onnx', 'ai.onnx.ml', 'com.microsoft'])(
  'the domain "%s" is the runtime’s',
  (domain) => {
    expect(withNodes([node('Op', ['x'], ['y'], { domain })])).toMatchObject({ ok: true });
  },
);

test('an operator of another domain is refused once, by name', () => {
  const custom = node('Warp', ['x'], ['y'], { domain: 'acme' });
  expect(withNodes([custom, custom])).toMatchObject({
    ok: false,
    reasons: [
      expect.stringMatching(/^operator "acme::Warp" \(2 nodes\): onnxruntime has no operators/),
    ],
  });
});

test('unless the model defines it as a function', () => {
  const nodes = [node('Warp', ['x'], ['y'], { domain: 'acme' })];
  expect(withNodes(nodes, [{ domain: 'acme', name: 'Warp' }])).toMatchObject({ ok: true });
  expect(withNodes(nodes, [{ domain: 'acme', name: 'Weft' }])).toMatchObject({ ok: false });
});
