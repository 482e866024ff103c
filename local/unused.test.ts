import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { Unused } from './unused.ts';

let ended: number;
let unused: Unused;
beforeEach(() => {
  jest.useFakeTimers();
  ended = 0;
  unused = new Unused(() => (ended += 1), 5_000);
});
afterEach(() => {
  jest.useRealTimers();
});

test('ends when its first user never comes', () => {
  unused.expectFirst(30_000);
  jest.advanceTimersByTime(29_999);
  expect(ended).toBe(0);
  jest.advanceTimersByTime(1);
  expect(ended).toBe(1);
});

test('stays for a first user, who may come before anybody was expected', () => {
  unused.usedBy(1);
  unused.expectFirst(30_000);
  jest.advanceTimersByTime(100_000);
  expect(ended).toBe(0);
});

test('does not end before it can be used: who comes after a first one has left finds it', () => {
  unused.usedBy(1);
  unused.usedBy(0);
  jest.advanceTimersByTime(100_000);
  unused.usedBy(1);
  unused.expectFirst(30_000);
  jest.advanceTimersByTime(100_000);
  expect(ended).toBe(0);
});

test('ends some time after its last user, but not when another comes meanwhile', () => {
  unused.expectFirst(30_000);
  unused.usedBy(2);
  unused.usedBy(1);
  jest.advanceTimersByTime(100_000);
  unused.usedBy(0);
  jest.advanceTimersByTime(4_999);
  unused.usedBy(1);
  jest.advanceTimersByTime(100_000);
  expect(ended).toBe(0);
  unused.usedBy(0);
  jest.advanceTimersByTime(5_000);
  expect(ended).toBe(1);
});
