import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Observed } from '../ports/engine.ts';
import { compareObserved } from './compare-observed.ts';

const observed = (labels: string[], numbers: Record<string, readonly number[]> = {}): Observed => ({
  labels,
  numbers: new Map(
    Object.entries(numbers).map(([output, some]) => [output, Float64Array.from(some)]),
  ),
});
const nothing = { labels: 0, disagreed: false, numbers: 0, distanceSum: 0, distanceMax: 0 };

describe('two answers', () => {
  test.each<[string, Observed, Observed, Partial<ReturnType<typeof compareObserved>>]>([
    ['agree', observed(['a', 'b']), observed(['a', 'b']), { labels: 2 }],
    [
      'differ in one label',
      observed(['a', 'b']),
      observed(['a', 'c']),
      { labels: 2, disagreed: true },
    ],
    ['differ in rows', observed(['a', 'b']), observed(['a']), { labels: 2, disagreed: true }],
    ['one has no labels', observed([], { p: [1] }), observed(['a'], { p: [1] }), { numbers: 1 }],
    [
      'are so far apart',
      observed([], { p: [1, 2], q: [0] }),
      observed([], { q: [0.5], p: [1, -1] }),
      { numbers: 3, distanceSum: 3.5, distanceMax: 3 },
    ],
    [
      'one has more outputs',
      observed([], { p: [1] }),
      observed([], { p: [1], q: [2] }),
      { numbers: 1 },
    ],
    [
      'one has more numbers',
      observed([], { p: [1, 2] }),
      observed([], { p: [1] }),
      { disagreed: true },
    ],
    [
      'both have no number there',
      observed([], { p: [NaN, Infinity, -0] }),
      observed([], { p: [NaN, Infinity, 0] }),
      { numbers: 3 },
    ],
    [
      'one has no number there',
      observed([], { p: [NaN, 1] }),
      observed([], { p: [1, 1] }),
      { numbers: 1, disagreed: true },
    ],
    [
      'are infinitely far apart',
      observed([], { p: [-Infinity] }),
      observed([], { p: [Infinity] }),
      { disagreed: true },
    ],
  ])('%s', (_, one, other, found) => {
    expect(compareObserved(one, other)).toEqual({ ...nothing, ...found });
    expect(compareObserved(other, one)).toEqual({ ...nothing, ...found });
  });

  test('what is found is finite, and says the same of an answer and itself', () => {
    const answer = fc.record({
      labels: fc.array(fc.constantFrom('a', 'b'), { maxLength: 3 }),
      numbers: fc.dictionary(fc.constantFrom('p', 'q'), fc.array(fc.double(), { maxLength: 3 })),
    });
    fc.assert(
      fc.property(answer, answer, (one, other) => {
        const [a, b] = [one, other].map(({ labels, numbers }) => observed(labels, numbers));
        if (!a || !b) throw new Error('expected two');
        const { distanceSum, distanceMax } = compareObserved(a, b);
        expect(JSON.parse(JSON.stringify([distanceSum, distanceMax]))).toEqual([
          distanceSum,
          distanceMax,
        ]);
        expect(compareObserved(a, a)).toMatchObject({ disagreed: false, distanceSum: 0 });
      }),
    );
  });
});
