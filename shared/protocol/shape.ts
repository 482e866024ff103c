import { ServingError } from '../errors.ts';
import type { TensorSpec } from './tensor.ts';

export const MAX_RANK = 64;

/**
 * Checks a shape that came from outside. @throws ServingError `malformed` for anything but
 * non-negative safe integers whose product is one too
 */
export function parseShape(value: unknown, where: string): number[] {
  if (!Array.isArray(value) || value.length > MAX_RANK) {
    throw refuse(
      `${where}: \`shape\`: expected an array of at most ${MAX_RANK} dimensions, got ${describe(value)}`,
    );
  }
  for (const dimension of value as unknown[]) {
    if (!Number.isSafeInteger(dimension) || (dimension as number) < 0) {
      throw refuse(
        `${where}: \`shape\`: expected non-negative integers below 2^53, got ${describe(dimension)}`,
      );
    }
  }
  return checkShape(
    (value as number[]).map((dimension) => dimension + 0),
    where,
  );
}

/**
 * The shape of non-negative safe integers, if their product is one too.
 * @throws ServingError `malformed`
 */
export function checkShape(shape: number[], where: string): number[] {
  if (!Number.isSafeInteger(elementCount(shape))) {
    throw refuse(`${where}: \`shape\`: the product of [${shape.join(',')}] is beyond 2^53`);
  }
  return shape;
}

/** The product of the dimensions: 1 for rank 0, 0 as soon as one is 0. */
export function elementCount(shape: readonly number[]): number {
  // A zero wins over an overflow of the others.
  let count = 1;
  for (const dimension of shape) {
    if (dimension === 0) return 0;
    count *= dimension;
  }
  return count;
}

/** Whether a concrete shape fits a signature's; -1 fits any dimension, undefined any rank. */
export function shapeFits(shape: readonly number[], spec: TensorSpec['shape']): boolean {
  return (
    spec === undefined ||
    (shape.length === spec.length && spec.every((d, axis) => d === -1 || d === shape[axis]))
  );
}

/** `FP32 [-1,1,8,8]`; an unknown rank is `[...]`. */
export function typeText(type: { datatype: string; shape: readonly number[] | undefined }): string {
  return `${type.datatype} [${type.shape?.join(',') ?? '...'}]`;
}

function describe(value: unknown): string {
  const text = JSON.stringify(value) as string | undefined;
  if (text === undefined) return 'nothing';
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}

function refuse(detail: string): ServingError {
  return new ServingError({ kind: 'malformed', detail });
}
