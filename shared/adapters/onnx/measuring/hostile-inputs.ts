import type { ProbeName } from '../../../evaluation/robustness.ts';
import { allocate } from '../../../protocol/datatypes.ts';
import { numberToFloat16 } from '../../../protocol/float16.ts';
import { elementCount } from '../../../protocol/shape.ts';
import type { Datatype, Tensor, TensorSpec } from '../../../protocol/tensor.ts';
import type { Spread } from './column-spread.ts';
import { isFloat } from './floats.ts';

/** Inputs of one run that nobody meant for the model. */
export type Inputs = readonly Tensor[];

export interface Usual {
  readonly specs: readonly TensorSpec[];
  /** One row that the model answers, or is said to. */
  readonly row: Inputs;
  /** How far evaluation rows go; empty without any. */
  readonly spreads: readonly (Spread | undefined)[];
}

/** Runs to try, or why there are none. */
export type Attempts = readonly Inputs[] | string;

const LONG_TEXT = 'x'.repeat(100_000);
/** Times the range of the evaluation's values. */
const FAR = 100;
const LARGEST: Readonly<Partial<Record<Datatype, readonly [least: number, most: number]>>> = {
  UINT8: [0, 0xff],
  UINT16: [0, 0xffff],
  UINT32: [0, 0xffff_ffff],
  INT8: [-0x80, 0x7f],
  INT16: [-0x8000, 0x7fff],
  INT32: [-0x8000_0000, 0x7fff_ffff],
  // Bit patterns: ±65504.
  FP16: [0xfbff, 0x7bff],
  FP32: [-(2 ** 128 - 2 ** 104), 2 ** 128 - 2 ** 104],
  FP64: [-Number.MAX_VALUE, Number.MAX_VALUE],
};
const HALF_NAN = 0x7e00;
const HALF_INFINITY = [0x7c00, 0xfc00] as const;

/** What to try; those that are tried otherwise are not among them. */
export const HOSTILE = {
  'empty batch': ({ specs, row }) => {
    const isRowed = ({ shape }: TensorSpec) => shape === undefined || shape[0] === -1;
    if (!specs.some(isRowed)) return 'no input has a dynamic first dimension';
    return [
      row.map((tensor, place) => {
        if (!isRowed(specs[place] as TensorSpec) || tensor.shape.length === 0) return tensor;
        return made(tensor, [0, ...tensor.shape.slice(1)], () => 0);
      }),
    ];
  },
  'far outside': ({ specs, row, spreads }) => {
    if (!specs.some(isFloat)) return 'it takes no floats';
    if (!spreads.some((spread) => spread)) return 'no evaluation file says what is usual';
    return [1, -1].map((side) =>
      row.map((tensor, place) => {
        const spread = spreads[place];
        if (!spread || !isFloat(tensor)) return tensor;
        return floats(tensor, (index) => {
          const at = index % spread.most.length;
          const least = spread.least[at] as number;
          const most = spread.most[at] as number;
          const range = most > least ? most - least : Math.max(1, Math.abs(most));
          const value = side > 0 ? most + FAR * range : least - FAR * range;
          return Number.isFinite(value) ? value : 0;
        });
      }),
    );
  },
  nan: ({ specs, row }) =>
    specs.some(isFloat)
      ? [row.map((tensor) => (isFloat(tensor) ? special(tensor, HALF_NAN, Number.NaN) : tensor))]
      : 'it takes no floats',
  infinity: ({ specs, row }) =>
    specs.some(isFloat)
      ? [0, 1].map((side) =>
          row.map((tensor) =>
            isFloat(tensor)
              ? special(
                  tensor,
                  HALF_INFINITY[side] as number,
                  side === 0 ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY,
                )
              : tensor,
          ),
        )
      : 'it takes no floats',
  'long strings': ({ specs, row }) =>
    specs.some(({ datatype }) => datatype === 'BYTES')
      ? [
          row.map((tensor) =>
            tensor.datatype === 'BYTES' ? { ...tensor, data: texts(tensor) } : tensor,
          ),
        ]
      : 'it takes no text',
  extremes: ({ specs, row }) => {
    const isNumber = ({ datatype }: { datatype: Datatype }) =>
      datatype !== 'BOOL' && datatype !== 'BYTES';
    if (!specs.some(isNumber)) return 'it takes no numbers';
    // Zero, and the least beside −1: integer division by them stops a process.
    const patterns: ((tensor: Tensor, place: number) => Tensor)[] = [
      (tensor) => extreme(tensor, 1),
      (tensor) => extreme(tensor, 0),
      (tensor) => made(tensor, tensor.shape, () => 0),
      (tensor, place) => (place % 2 === 0 ? extreme(tensor, 0) : minusOne(tensor)),
      (tensor, place) => (place % 2 === 1 ? extreme(tensor, 0) : minusOne(tensor)),
    ];
    return patterns.map((pattern) =>
      row.map((tensor, place) => (isNumber(tensor) ? pattern(tensor, place) : tensor)),
    );
  },
} as const satisfies Partial<Record<ProbeName, (usual: Usual) => Attempts>>;

/** A tensor like another, but for its shape and elements. */
function made(
  { name, datatype }: Tensor,
  shape: readonly number[],
  element: (index: number) => number,
): Tensor {
  const length = elementCount(shape);
  if (datatype === 'BYTES') return { name, datatype, shape, data: new Array<string>(length) };
  const data = allocate(datatype, length);
  for (let index = 0; index < length; index++) {
    const value = element(index);
    if (data instanceof BigInt64Array || data instanceof BigUint64Array)
      data[index] = BigInt(value);
    else data[index] = value;
  }
  return { name, datatype, shape, data };
}

/** Floats from numbers, none of which becomes infinite. */
function floats(tensor: Tensor, element: (index: number) => number): Tensor {
  if (tensor.datatype !== 'FP16') {
    const most = (LARGEST[tensor.datatype] as readonly [number, number])[1];
    return made(tensor, tensor.shape, (index) => Math.max(-most, Math.min(most, element(index))));
  }
  const bits = (value: number) => {
    const half = numberToFloat16(value);
    return (half & 0x7fff) >= 0x7c00 ? (half & 0x8000) | 0x7bff : half;
  };
  return made(tensor, tensor.shape, (index) => bits(element(index)));
}

function special(tensor: Tensor, bits: number, value: number): Tensor {
  return made(tensor, tensor.shape, () => (tensor.datatype === 'FP16' ? bits : value));
}

/** All of a tensor at the datatype's least (0) or most (1). */
function extreme(tensor: Tensor, side: 0 | 1): Tensor {
  const { datatype, shape } = tensor;
  if (datatype === 'INT64' || datatype === 'UINT64') {
    const [least, most] =
      datatype === 'INT64' ? [-(2n ** 63n), 2n ** 63n - 1n] : [0n, 2n ** 64n - 1n];
    const data = allocate(datatype, elementCount(shape)).fill(side === 1 ? most : least);
    return { ...tensor, data };
  }
  const bounds = LARGEST[datatype];
  return bounds ? made(tensor, shape, () => bounds[side]) : tensor;
}

function minusOne(tensor: Tensor): Tensor {
  if (tensor.datatype.startsWith('UINT')) return extreme(tensor, 1);
  return isFloat(tensor) ? floats(tensor, () => -1) : made(tensor, tensor.shape, () => -1);
}

function texts(tensor: Tensor): string[] {
  return Array.from({ length: elementCount(tensor.shape) }, () => LONG_TEXT);
}
