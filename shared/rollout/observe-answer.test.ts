import { expect, test } from '@jest/globals';
import type { Tensor } from '../protocol/tensor.ts';
import { observeAnswer } from './observe-answer.ts';

const label: Tensor = { name: 'label', datatype: 'BYTES', shape: [1], data: ['x'.repeat(200)] };
const floats = (name: string, length: number, first = 0): Tensor => ({
  name,
  datatype: 'FP32',
  shape: [1, length],
  data: Float32Array.from({ length }, (_, index) => first + index),
});

test('a label is cut, and is no number', () => {
  const { labels, numbers } = observeAnswer({ kind: 'label', output: 'label' }, [label]);
  expect(labels).toEqual(['x'.repeat(128)]);
  expect(numbers.size).toBe(0);
});

test('numbers are kept by output, of each as many whatever stands beside it', () => {
  const { labels, numbers } = observeAnswer(undefined, [
    floats('b', 300, 5),
    label,
    floats('a', 2),
  ]);
  expect(labels).toEqual([]);
  expect([...numbers.keys()]).toEqual(['a', 'b']);
  expect(numbers.get('a')).toEqual(Float64Array.of(0, 1));
  expect(numbers.get('b')).toHaveLength(256);
  expect(numbers.get('b')?.at(-1)).toBe(260);
});

test('the same four outputs, in whatever order they come', () => {
  const outputs = ['e', 'b', 'a', 'd', 'c'].map((name) => floats(name, 1));
  const kept = (some: Tensor[]) => [...observeAnswer(undefined, some).numbers.keys()];
  expect(kept(outputs)).toEqual(['a', 'b', 'c', 'd']);
  expect(kept(outputs.reverse())).toEqual(['a', 'b', 'c', 'd']);
});
