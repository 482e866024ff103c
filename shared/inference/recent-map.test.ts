import { expect, test } from '@jest/globals';
import { RecentMap } from './recent-map.ts';

test('forgets the least recently used', () => {
  const map = new RecentMap<string, number>(2);
  map.set('a', 1);
  map.set('b', 2);
  expect(map.get('a')).toBe(1);
  map.set('c', 3);
  expect([map.get('a'), map.get('b'), map.get('c')]).toEqual([1, undefined, 3]);
  map.set('a', 4);
  map.delete('c');
  expect([...map.values()]).toEqual([4]);
});
