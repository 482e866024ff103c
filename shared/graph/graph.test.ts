import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  float32s,
  graphAttribute,
  int64s,
  modelBytes,
  nestedMessages,
  node,
  PLAIN,
  T,
  tensorAttribute,
  tensorValue,
} from '../../test/model-maker.ts';
import { readGraph } from './graph.ts';

function sample(name: string) {
  const reading = readGraph(readFileSync(`models/${name}/model.onnx`));
  if (!reading.ok) throw new Error(reading.reasons.join('\n'));
  return reading;
}

describe('the sample models', () => {
  test('digits: a static INT8 CNN', () => {
    const { facts, draft, warnings } = sample('digits');
    expect(facts).toMatchObject({
      irVersion: 8,
      nodes: 30,
      quantized: 'static',
      operators: { Conv: 2, Gemm: 1, QuantizeLinear: 7, DequantizeLinear: 13 },
    });
    expect(facts.opsets['ai.onnx']).toBe(17);
    expect(draft).toEqual({
      inputs: [{ name: 'image', datatype: 'FP32', shape: [-1, 1, 8, 8] }],
      outputs: [
        { name: 'label', datatype: 'INT64', shape: [-1] },
        { name: 'probabilities', datatype: 'FP32', shape: [-1, 10] },
      ],
    });
    expect(warnings).toEqual([]);
  });

  test('fashion: an MLP whose activations are quantized by the request’s own range', () => {
    const { facts } = sample('fashion');
    expect(facts.quantized).toBe('dynamic');
    expect(facts.operators['DynamicQuantizeLinear']).toBe(3);
    // 784·300 + 300·… weights in INT8 with float biases: about a byte each.
    expect(facts.parameterBytes / facts.parameters).toBeLessThan(1.1);
  });

  test('breast cancer: static INT8', () => {
    expect(sample('breast-cancer').facts).toMatchObject({ quantized: 'static', nodes: 23 });
  });

  test('churn: boosted trees over text and numbers, whose thresholds count as parameters', () => {
    const { facts, draft } = sample('churn');
    expect(facts.quantized).toBe('no');
    expect(facts.operators['ai.onnx.ml::TreeEnsembleClassifier']).toBe(1);
    expect(facts.parameters).toBeGreaterThan(5_000);
    expect(draft.inputs).toHaveLength(19);
    expect(draft.inputs[15]).toEqual({ name: 'state', datatype: 'BYTES', shape: [-1, 1] });
  });
});

describe('facts', () => {
  test('count nodes, operators and tensors in subgraphs and functions, where they are written', () => {
    const branch = {
      node: [
        node('Constant', [], ['c'], {
          attribute: [tensorAttribute('value', float32s('', [2], [1, 2]))],
        }),
        node('Twice', ['c'], ['z'], { domain: 'my' }),
      ],
      output: [tensorValue('z', T.FLOAT)],
    };
    const reading = readGraph(
      modelBytes(
        {
          input: [tensorValue('b', T.BOOL, [])],
          output: [tensorValue('y', T.FLOAT)],
          node: [
            node('If', ['b'], ['y'], {
              attribute: [
                graphAttribute('then_branch', branch),
                graphAttribute('else_branch', branch),
              ],
            }),
          ],
          initializer: [int64s('unused', [3], [1, 2, 3])],
        },
        {
          producerName: 'maker',
          producerVersion: '2',
          opsetImport: [
            { domain: 'ai.onnx', version: 18n },
            { domain: 'my', version: 1n },
          ],
          functions: [
            {
              domain: 'my',
              name: 'Twice',
              input: ['a'],
              output: ['o'],
              node: [node('Add', ['a', 'a'], ['o'])],
            },
          ],
        },
      ),
    );
    expect(reading).toMatchObject({
      ok: true,
      facts: {
        producer: 'maker 2',
        opsets: { 'ai.onnx': 18, my: 1 },
        operators: { Add: 1, Constant: 2, If: 1, 'my::Twice': 2 },
        nodes: 6,
        parameters: 7,
        parameterBytes: 2 * 2 * 4 + 3 * 8,
        quantized: 'no',
      },
    });
  });

  test('an operator may have the name of an object’s own member', () => {
    const reading = readGraph(
      modelBytes({
        ...PLAIN,
        node: [node('__proto__', ['x'], ['y']), node('constructor', [], [])],
      }),
    );
    expect(Object.entries(reading.facts?.operators ?? {})).toEqual([
      ['__proto__', 1],
      ['constructor', 1],
    ]);
  });

  test('dimensions that lie make a number that JSON can hold', () => {
    const reading = readGraph(
      modelBytes({
        ...PLAIN,
        initializer: [
          { name: 'w', dataType: T.FLOAT, dims: Array.from({ length: 60 }, () => 2n ** 62n) },
        ],
      }),
    );
    expect(reading.ok).toBe(false);
    expect(reading.facts?.parameters).toBe(Number.MAX_SAFE_INTEGER);
  });
});

describe('what is no model', () => {
  const text = (content: string) => Uint8Array.from(content, (c) => c.charCodeAt(0));
  test.each([
    ['an empty file', new Uint8Array(), /empty/],
    ['a PyTorch archive', text('PK\u0003\u0004archive/data.pkl'), /ZIP archive/],
    ['a Git LFS pointer', text('version https://git-lfs.github.com/spec/v1\n'), /git lfs pull/],
    ['an HTML page', text('<!doctype html>'), /HTML/],
    ['a message without a graph', Uint8Array.of(8, 7), /holds no graph/],
  ])('%s', (_, bytes, expected) => {
    const reading = readGraph(bytes);
    expect(reading).toMatchObject({ ok: false, reasons: [expect.stringMatching(expected)] });
  });

  test('a model that is cut at any byte is refused or read, never thrown at', () => {
    const whole = readFileSync('models/digits/model.onnx');
    fc.assert(
      fc.property(fc.nat(whole.length - 1), (length) => {
        const reading = readGraph(whole.subarray(0, length));
        // Cut behind the graph, what is missing are opset imports: that, the runtime refuses.
        if (!reading.ok) expect(reading.reasons.length).toBeGreaterThan(0);
      }),
      { numRuns: 500 },
    );
  });

  test('random bytes, and a model with random bytes in it, never throw', () => {
    const whole = readFileSync('models/breast-cancer/model.onnx');
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(whole.length), (bytes, at) => {
        expect(readGraph(bytes)).toHaveProperty('ok', false);
        const spoilt = Uint8Array.from(whole);
        spoilt.set(bytes.subarray(0, whole.length - at), at);
        expect(readGraph(spoilt)).toHaveProperty('ok');
      }),
      { numRuns: 500 },
    );
  });

  test('messages that nest deeper than the runtime reads', () => {
    // ModelProto.graph (7) › node (1) › attribute (5) › g (6) › node …
    const fields = [7, ...Array.from({ length: 10_000 }, (_, depth) => [1, 5, 6][depth % 3] ?? 1)];
    expect(readGraph(nestedMessages(fields))).toMatchObject({
      ok: false,
      reasons: [expect.stringMatching(/recursion depth of 100/)],
    });
  });
});

test('inputs and operators that would not fit a document are refused by size', () => {
  const reading = readGraph(
    modelBytes({
      ...PLAIN,
      node: Array.from({ length: 20_000 }, (_, i) => node(`Operator${i}`, ['x'], ['y'])),
    }),
  );
  expect(reading).toMatchObject({
    ok: false,
    reasons: [expect.stringMatching(/take \d+ bytes to describe; expected at most 300000/)],
  });
});

test('of many faults the first twenty are told, and how many more there are', () => {
  const reading = readGraph(
    modelBytes({
      ...PLAIN,
      initializer: Array.from({ length: 50 }, (_, i) => float32s(`w${i}`, [3], [1])),
    }),
  );
  if (reading.ok) throw new Error('it was accepted');
  expect(reading.reasons).toHaveLength(21);
  expect(reading.reasons[20]).toBe('and 30 more of this kind');
});
