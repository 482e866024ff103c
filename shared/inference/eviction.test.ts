import { describe, expect, test } from '@jest/globals';
import { chooseEvictions } from './eviction.ts';

const model = (name: string, bytes: number, lastUsed: number, references = 0) => ({
  name,
  bytes,
  lastUsed,
  references,
});
const names = (chosen: { name: string }[] | undefined) => chosen?.map(({ name }) => name);

describe('choosing what to evict', () => {
  const residents = [model('new', 30, 3), model('old', 40, 1), model('busy', 20, 0, 1)];
  test('nothing while it fits', () => {
    expect(names(chooseEvictions(residents, 10, 100))).toEqual([]);
  });
  test('the least recently used first, no more than needed, never one in use', () => {
    expect(names(chooseEvictions(residents, 11, 100))).toEqual(['old']);
    expect(names(chooseEvictions(residents, 60, 100))).toEqual(['old', 'new']);
  });
  test('undefined when those in use leave no room', () => {
    expect(chooseEvictions(residents, 81, 100)).toBeUndefined();
  });
});
