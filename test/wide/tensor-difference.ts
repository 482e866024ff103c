import { typeText } from '../../shared/protocol/shape.ts';
import type { Tensor } from '../../shared/protocol/tensor.ts';
import { halfValue } from './half.ts';

/** The tolerances of the ONNX backend suite. */
const RELATIVE = 1e-3;
const ABSOLUTE = 1e-7;

/** How an answer differs from what was expected; undefined when it doesn't. */
export function firstDifference(
  got: readonly Tensor[],
  expected: readonly Tensor[],
): string | undefined {
  for (const tensor of expected) {
    const found = difference(
      got.find(({ name }) => name === tensor.name),
      tensor,
    );
    if (found) return found;
  }
  return undefined;
}

function difference(got: Tensor | undefined, expected: Tensor): string | undefined {
  const { name } = expected;
  if (!got) return `${name}: absent`;
  if (typeText(got) !== typeText(expected)) {
    return `${name}: expected ${typeText(expected)}, got ${typeText(got)}`;
  }
  const [a, b] = [values(got), values(expected)];
  if (a.length !== b.length) return `${name}: expected ${b.length} elements, got ${a.length}`;
  const at = b.findIndex((value, index) => !close(a[index], value));
  return at < 0 ? undefined : `${name}[${at}]: expected ${String(b[at])}, got ${String(a[at])}`;
}

type Value = number | bigint | string;

function close(got: Value | undefined, expected: Value): boolean {
  if (typeof got !== 'number' || typeof expected !== 'number') return got === expected;
  if (Object.is(got, expected) || got === expected) return true;
  return Math.abs(got - expected) <= ABSOLUTE + RELATIVE * Math.abs(expected);
}

function values({ datatype, data }: Tensor): readonly Value[] {
  if (datatype === 'FP16') return Array.from(data as Uint16Array, halfValue);
  return [...(data as Iterable<Value>)];
}
