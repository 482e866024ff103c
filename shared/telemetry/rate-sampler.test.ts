import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { RateSampler } from './rate-sampler.ts';

const always = () => true;

test('lets no more through than a second’s and then so many a second, and accounts for all', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(0.5, 1, 5, 20),
      fc.array(fc.integer({ min: 0, max: 700 }), { minLength: 1, maxLength: 200 }),
      (perSecond, gaps) => {
        const sampler = new RateSampler(perSecond);
        let now = 1_000;
        let kept = 0;
        let told = 0;
        let behind = 0;
        for (const gap of gaps) {
          now += gap;
          const of = sampler.take(now, always);
          behind = of === 0 ? behind + 1 : 0;
          kept += of === 0 ? 0 : 1;
          told += of;
        }
        expect(told + behind).toBe(gaps.length);
        const burst = Math.max(1, perSecond);
        expect(kept).toBeLessThanOrEqual(burst + ((now - 1_000) / 1000) * perSecond + 1e-6);
      },
    ),
  );
});

test('lets nothing through at 0 a second', () => {
  const sampler = new RateSampler(0);
  expect([0, 1, 10_000].map((now) => sampler.take(now, always))).toEqual([0, 0, 0]);
});

test('what nobody wants takes no room, and stands for nothing', () => {
  const sampler = new RateSampler(1);
  for (let asked = 0; asked < 100; asked++) expect(sampler.take(0, () => false)).toBe(0);
  expect(sampler.take(0, always)).toBe(1);
});
