import { expect, test } from '@jest/globals';
import { dispersionOf } from './dispersion.ts';
import type { Table } from './event-test.ts';

const PRIOR = { value: 1, batches: 1 };

function table(candidateEvents: number, productionEvents: number): Table {
  return { candidate: 50, production: 50, candidateEvents, productionEvents };
}

function repeat(tables: readonly Table[], times: number): Table[] {
  return Array.from({ length: times }, () => tables).flat();
}

test('counts that keep to the same odds are not dispersed, whatever the odds', () => {
  expect(dispersionOf([repeat([table(2, 2)], 40)], PRIOR)).toBe(1);
  expect(dispersionOf([repeat([table(20, 4)], 40)], PRIOR)).toBe(1);
});

test('clumps within blocks show, and by their size', () => {
  // Five of ten events expected of each arm, deviations of ±5: variance about 2.3.
  const clumped = dispersionOf([repeat([table(10, 0), table(0, 10)], 40)], PRIOR);
  expect(clumped).toBeGreaterThan(9);
  expect(clumped).toBeLessThan(11.5);
});

test('what lasts longer than a block shows in longer batches', () => {
  const mild = [table(3, 2), table(2, 3)];
  expect(dispersionOf([repeat(mild, 40)], PRIOR)).toBe(1);
  const lasting = [...repeat([table(3, 2)], 30), ...repeat([table(2, 3)], 30)];
  // 26 blocks fill the longest batch: half an event too many in each, 1.2 of variance.
  expect(dispersionOf([repeat(lasting, 10)], PRIOR)).toBeGreaterThan(2);
});

test('batches do not run from one instance into the next', () => {
  const one = repeat([table(8, 2)], 3);
  const other = repeat([table(2, 8)], 4);
  const apart = dispersionOf([one, other], PRIOR);
  expect(dispersionOf([[...one, ...other]], PRIOR)).not.toBe(apart);
  expect(dispersionOf([other, one], PRIOR)).toBeCloseTo(apart, 12);
});

test('without data it is what was known before', () => {
  expect(dispersionOf([], { value: 2, batches: 4 })).toBe(2);
  expect(dispersionOf([[table(0, 1)]], { value: 0.5, batches: 4 })).toBe(1);
});
