import { describe, expect, test } from '@jest/globals';
import {
  float32s,
  type Graph,
  modelBytes,
  node,
  PLAIN,
  sequenceValue,
  T,
  tensorType,
  tensorValue,
} from '../../test/model-maker.ts';
import { readGraph } from './graph.ts';
import { type DraftSignature, settleSignature } from './signature.ts';

const read = (graph: Graph) => readGraph(modelBytes({ ...PLAIN, ...graph }));

describe('inputs', () => {
  test.each([
    [T.BOOL, 'BOOL'],
    [T.UINT8, 'UINT8'],
    [T.UINT16, 'UINT16'],
    [T.UINT32, 'UINT32'],
    [T.UINT64, 'UINT64'],
    [T.INT8, 'INT8'],
    [T.INT16, 'INT16'],
    [T.INT32, 'INT32'],
    [T.INT64, 'INT64'],
    [T.FLOAT16, 'FP16'],
    [T.FLOAT, 'FP32'],
    [T.DOUBLE, 'FP64'],
    [T.STRING, 'BYTES'],
  ])('element type %i is %s', (type, datatype) => {
    expect(read({ input: [tensorValue('x', type, [])] })).toMatchObject({
      draft: { inputs: [{ name: 'x', datatype, shape: [] }] },
    });
  });

  test('named, negative and absent dimensions are dynamic; no shape is any rank', () => {
    const value = tensorType(T.FLOAT, ['n', -1, 3]);
    const reading = read({
      input: [{ name: 'x', type: value }, tensorValue('z', T.FLOAT)],
    });
    expect(reading).toMatchObject({
      draft: {
        inputs: [
          { name: 'x', shape: [-1, -1, 3] },
          { name: 'z', shape: undefined },
        ],
      },
    });
  });

  test('one with an initializer has a default and is not asked for', () => {
    const reading = read({
      input: [tensorValue('x', T.FLOAT, [1]), tensorValue('w', T.FLOAT, [1])],
      initializer: [float32s('w', [1], [2])],
    });
    expect(reading).toMatchObject({ ok: true, draft: { inputs: [{ name: 'x' }] } });
  });

  test('none at all is fine', () => {
    expect(read({ input: [] })).toMatchObject({ ok: true, draft: { inputs: [] } });
  });

  test.each<[string, Graph, RegExp]>([
    [
      'an element type that the protocol lacks',
      { input: [tensorValue('x', T.BFLOAT16, [1])] },
      /^input "x": is BFLOAT16; expected one of BOOL, .*Put a Cast/,
    ],
    [
      'an element type that ONNX lacks',
      { input: [tensorValue('x', 99, [1])] },
      /^input "x": is element type 99/,
    ],
    [
      'a sequence',
      { input: [sequenceValue('x', tensorType(T.FLOAT))] },
      /^input "x": is seq\(tensor\(FLOAT\)\); only tensors can be sent/,
    ],
    ['no type', { input: [{ name: 'x' }] }, /^input "x": has no type/],
    [
      'a dimension beyond a double',
      { input: [tensorValue('x', T.FLOAT, [2n ** 60n])] },
      /^input "x": its shape is \[1152921504606846976\]; each dimension must be 0 to 2\^53/,
    ],
    [
      'a dimension below -1',
      { input: [tensorValue('x', T.FLOAT, [-2])] },
      /^input "x": its shape is \[-2\]/,
    ],
    [
      'too many dimensions',
      { input: [tensorValue('x', T.FLOAT, new Array<number>(65).fill(1))] },
      /^input "x": has 65 dimensions; expected at most 64/,
    ],
    [
      'a name twice',
      { input: [tensorValue('x', T.FLOAT, [1]), tensorValue('x', T.FLOAT, [1])] },
      /^input "x": there are two of that name/,
    ],
    ['no name', { input: [tensorValue('', T.FLOAT, [1])] }, /^an input has no name/],
  ])('refused: %s', (_, graph, expected) => {
    expect(read(graph)).toMatchObject({ ok: false, reasons: [expect.stringMatching(expected)] });
  });
});

describe('outputs that are no tensors', () => {
  const zipMap: Graph = {
    node: [
      node('LinearClassifier', ['x'], ['label', 'scores'], { domain: 'ai.onnx.ml' }),
      node('ZipMap', ['scores'], ['probabilities'], { domain: 'ai.onnx.ml' }),
    ],
  };
  const map = sequenceValue('probabilities', {
    value: { case: 'mapType', value: { keyType: T.INT64, valueType: tensorType(T.FLOAT) } },
  });

  test('are left out beside a tensor, with a warning that says how to get them', () => {
    const reading = read({ ...zipMap, output: [tensorValue('label', T.INT64, ['n']), map] });
    expect(reading).toMatchObject({
      ok: true,
      draft: { outputs: [{ name: 'label', datatype: 'INT64', shape: [-1] }] },
      warnings: [
        expect.stringMatching(
          /"probabilities": is seq\(map\(INT64,tensor\(FLOAT\)\)\); it comes from ZipMap.*'zipmap': False.*not served/,
        ),
      ],
    });
  });

  test('are refused when nothing else is there', () => {
    expect(read({ ...zipMap, output: [map] })).toMatchObject({
      ok: false,
      reasons: [expect.stringMatching(/ZipMap.*options=\{id\(model\): \{'zipmap': False\}\}/)],
    });
  });

  test('a sequence says how to make a tensor of it', () => {
    const reading = read({ output: [sequenceValue('y', tensorType(T.FLOAT))] });
    expect(reading).toMatchObject({
      ok: false,
      reasons: [expect.stringMatching(/seq\(tensor\(FLOAT\)\).*ConcatFromSequence/)],
    });
  });

  test('a graph must have outputs', () => {
    expect(read({ output: [] })).toMatchObject({
      ok: false,
      reasons: [expect.stringMatching(/no outputs/)],
    });
  });
});

describe('what the runtime adds', () => {
  const draft = (shape: number[] | undefined): DraftSignature => ({
    inputs: [],
    outputs: [{ name: 'y', datatype: 'FP32', shape }],
  });
  const settle = (from: DraftSignature, shape: number[] | undefined) =>
    settleSignature(from, [{ name: 'y', datatype: 'FP32', shape }]).signature.outputs;

  test.each<[string, number[] | undefined, number[] | undefined, number[] | undefined]>([
    ['fills open dimensions', [-1, -1], [-1, 10], [-1, 10]],
    ['does not override the graph', [-1, 5], [3, 10], [3, 5]],
    ['gives a rank', undefined, [-1, 10], [-1, 10]],
    ['can’t tell rank 0 from an unknown one', undefined, [], undefined],
    ['a different rank is ignored', [-1], [1, 2], [-1]],
  ])('%s', (_, graph, runtime, expected) => {
    expect(settle(draft(graph), runtime)).toEqual([
      { name: 'y', datatype: 'FP32', shape: expected },
    ]);
  });

  test('an output whose type the graph leaves out', () => {
    expect(
      settle({ inputs: [], outputs: [{ name: 'y', datatype: undefined, shape: undefined }] }, [2]),
    ).toEqual([{ name: 'y', datatype: 'FP32', shape: [2] }]);
  });

  test('an output that turns out to be no tensor is dropped', () => {
    const open = { inputs: [], outputs: [{ name: 'y', datatype: undefined, shape: undefined }] };
    expect(settleSignature(open, [{ name: 'y', datatype: undefined, shape: undefined }])).toEqual({
      signature: { inputs: [], outputs: [] },
      dropped: ['y'],
    });
  });
});
