import { describe, expect, test } from '@jest/globals';
import { ratioOf, spreadOf } from './spread.ts';

describe('a spread', () => {
  test('has the middle of an odd count, and the mean of the middle two of an even one', () => {
    expect(spreadOf([30, 1, 2])).toEqual({ median: 2, least: 1, most: 30 });
    expect(spreadOf([4, 10, 1, 2])).toEqual({ median: 3, least: 1, most: 10 });
  });

  test('sorts numbers as numbers', () => {
    expect(spreadOf([9, 10, 100]).median).toBe(10);
  });

  test('of nothing is an error', () => {
    expect(() => spreadOf([])).toThrow('no round');
  });
});

describe('a ratio', () => {
  test('is taken round by round, not between the medians', () => {
    // The machine was half as fast in the second round and a third as fast in the third.
    expect(ratioOf([60, 30, 20], [80, 40, 40])).toEqual({ median: 0.75, least: 0.5, most: 0.75 });
  });

  test('of unequal rounds is an error', () => {
    expect(() => ratioOf([1, 2], [1])).toThrow('got 2 and 1');
  });
});
