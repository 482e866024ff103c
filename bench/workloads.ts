import type { Tensor } from '../shared/protocol/tensor.ts';

/** What is asked of one model. */
export interface Workload {
  readonly name: string;
  readonly title: string;
  /** In the folder of the built models. */
  readonly file: string;
  readonly inputs: readonly Tensor[];
  /** How many clients ask at once. */
  readonly clients: readonly number[];
}

const SMALL = [1, 8, 64] as const;

export const WORKLOADS: readonly Workload[] = [
  {
    name: 'mlp',
    title: 'MLP, FP32, 1×64',
    file: 'mlp.onnx',
    inputs: [floats('features', [1, 64])],
    clients: SMALL,
  },
  {
    name: 'tree',
    title: '100 trees, 1×64',
    file: 'tree.onnx',
    inputs: [floats('features', [1, 64])],
    clients: SMALL,
  },
  {
    name: 'cnn',
    title: 'MobileNetV2, INT8, 1×3×224×224',
    file: 'cnn.onnx',
    inputs: [floats('image', [1, 3, 224, 224])],
    clients: SMALL,
  },
  {
    name: 'text16',
    title: 'MiniLM, INT8, 16 tokens',
    file: 'text.onnx',
    inputs: tokens(16),
    clients: [1, 8, 32, 64],
  },
  {
    name: 'text128',
    title: 'MiniLM, INT8, 128 tokens',
    file: 'text.onnx',
    inputs: tokens(128),
    clients: [8, 32],
  },
];

/** The model of 90 MB. */
export const LARGE = { file: 'text-fp32.onnx', inputs: tokens(16) };

/** @throws Error when there is none of that name */
export function workload(name: string): Workload {
  const found = WORKLOADS.find((each) => each.name === name);
  if (!found) throw new Error(`no workload ${name}`);
  return found;
}

function floats(name: string, shape: readonly number[]): Tensor {
  const random = generator();
  const length = shape.reduce((product, size) => product * size, 1);
  // About as spread as standardized features or pixels are.
  const data = Float32Array.from({ length }, () => random() * 4 - 2);
  return { name, datatype: 'FP32', shape, data };
}

function tokens(length: number): Tensor[] {
  const random = generator();
  const shape = [1, length];
  const ids = BigInt64Array.from({ length }, () => BigInt(Math.floor(random() * 30_000)));
  return [
    { name: 'input_ids', datatype: 'INT64', shape, data: ids },
    { name: 'attention_mask', datatype: 'INT64', shape, data: ids.map(() => 1n) },
  ];
}

/** mulberry32: the same numbers from 0 to 1 every time. */
function generator(): () => number {
  let state = 1;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
