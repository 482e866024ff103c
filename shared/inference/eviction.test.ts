import { describe, expect, test } from '@jest/globals';
import { chooseEvictions, creditOf } from './eviction.ts';

const model = (name: string, bytes: number, credit: number, references = 0) => ({
  name,
  bytes,
  credit,
  references,
});
const names = (chosen: { name: string }[] | undefined) => chosen?.map(({ name }) => name);

describe('choosing what to evict', () => {
  const residents = [model('dear', 30, 3), model('cheap', 40, 1), model('busy', 20, 0, 1)];
  test('nothing while it fits', () => {
    expect(names(chooseEvictions(residents, 10, 100))).toEqual([]);
  });
  test('the least credit first, no more than needed, never one in use', () => {
    expect(names(chooseEvictions(residents, 11, 100))).toEqual(['cheap']);
    expect(names(chooseEvictions(residents, 60, 100))).toEqual(['cheap', 'dear']);
  });
  test('the longest unused of equals', () => {
    const equal = [model('old', 50, 1), model('new', 50, 1)];
    expect(names(chooseEvictions(equal, 10, 100))).toEqual(['old']);
  });
  test('undefined when those in use leave no room', () => {
    expect(chooseEvictions(residents, 81, 100)).toBeUndefined();
  });
});

describe('what a model is worth', () => {
  test('slow to load for its size is worth more', () => {
    const quick = creditOf({ loadMs: 10, bytes: 1_000 }, 0);
    expect(creditOf({ loadMs: 100, bytes: 1_000 }, 0)).toBeGreaterThan(quick);
    expect(creditOf({ loadMs: 10, bytes: 100 }, 0)).toBeGreaterThan(quick);
  });
  test('worth fades: a cheap one used now outlives a dear one of long ago', () => {
    const dear = creditOf({ loadMs: 100, bytes: 1_000 }, 0);
    let last = 0;
    let rounds = 0;
    // Each round evicts the newest cheap one, until the dear one is worth the least.
    while (creditOf({ loadMs: 10, bytes: 1_000 }, last) <= dear) {
      last = creditOf({ loadMs: 10, bytes: 1_000 }, last);
      rounds++;
    }
    expect(rounds).toBeGreaterThan(5);
    expect(rounds).toBeLessThan(12);
  });
});
