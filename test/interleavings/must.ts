import { isDeepStrictEqual } from 'node:util';

export function same(a: unknown, b: unknown): boolean {
  return isDeepStrictEqual(a, b);
}

export function must(held: unknown, broken: string): asserts held {
  if (!held) throw new Error(broken);
}
