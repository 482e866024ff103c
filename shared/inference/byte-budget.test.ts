import { expect, test } from '@jest/globals';
import { ByteBudget } from './byte-budget.ts';

test('holds together stay within the budget, and give back what they took', () => {
  const budget = new ByteBudget(100);
  const [a, b] = [budget.hold(), budget.hold()];
  a.take(60);
  expect(() => {
    b.take(41);
  }).toThrow(/bodies of 60 bytes are being worked on already \(at most 100/);
  b.take(40);
  expect(budget.taken).toBe(100);
  a.release();
  a.release();
  expect(budget.taken).toBe(40);
  b.release();
  expect(budget.taken).toBe(0);
});

test('one alone may pass it', () => {
  const budget = new ByteBudget(10);
  const hold = budget.hold();
  hold.take(8);
  hold.take(8);
  expect(budget.taken).toBe(16);
});
