import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { MAX_CHUNKS, planRanges, rangeOf } from './chunk-plan.ts';

const KIB = 1 << 10;
const MIB = 1 << 20;
const TIB = 2 ** 40;
const row = { rowBytes: 100, rowsPerSecond: 10_000, outputBytesPerRow: 10 };

test('a chunk is about 20 s of work, within bounds', () => {
  const chunkBytes = (estimate: Partial<typeof row>) =>
    planRanges({ bytes: 1_000 * MIB, firstByte: 0, firstLine: 1, ...row, ...estimate }).chunkBytes;
  expect(chunkBytes({})).toBe(20_000_000);
  expect(chunkBytes({ rowsPerSecond: 1 })).toBe(64 * KIB);
  expect(chunkBytes({ rowsPerSecond: 1e9 })).toBe(64 * MIB);
  // 1,000 bytes of output for 100 of input.
  expect(chunkBytes({ outputBytesPerRow: 1_000 })).toBe(Math.floor((32 * MIB) / 10));
});

test('a file of 10 TiB has as many chunks as a blob can have blocks, and no more', () => {
  const plan = planRanges({ bytes: 10 * TIB, firstByte: 5, firstLine: 2, ...row });
  expect(plan.chunks).toBeGreaterThan(MAX_CHUNKS - 10);
  expect(plan.chunks).toBeLessThanOrEqual(MAX_CHUNKS);
});

test('a file without rows has no chunks', () => {
  expect(planRanges({ bytes: 0, firstByte: 0, firstLine: 1, ...row }).chunks).toBe(0);
  expect(planRanges({ bytes: 7, firstByte: 7, firstLine: 2, ...row }).chunks).toBe(0);
  expect(planRanges({ bytes: 8, firstByte: 7, firstLine: 2, ...row }).chunks).toBe(1);
});

test('the chunks lie side by side from the first row to the end', () => {
  fc.assert(
    fc.property(
      fc.record({
        bytes: fc.oneof(fc.nat(300 * MIB), fc.integer({ min: 0, max: 100 * TIB })),
        firstByte: fc.nat(1_000),
        rowBytes: fc.double({ min: 0, max: 1e7, noNaN: true }),
        rowsPerSecond: fc.double({ min: 0, max: 1e9, noNaN: true }),
        outputBytesPerRow: fc.double({ min: 0, max: 1e7, noNaN: true }),
      }),
      (estimate) => {
        const plan = planRanges({ ...estimate, firstLine: 1 });
        expect(plan.chunks).toBeLessThanOrEqual(MAX_CHUNKS);
        if (plan.chunks === 0) {
          expect(estimate.bytes).toBeLessThanOrEqual(estimate.firstByte);
          return;
        }
        expect(rangeOf(plan, 0).start).toBe(estimate.firstByte);
        expect(rangeOf(plan, plan.chunks - 1).end).toBe(estimate.bytes);
        for (const chunk of [0, plan.chunks >> 1, plan.chunks - 1]) {
          const { start, end } = rangeOf(plan, chunk);
          expect(start).toBeLessThan(end);
          if (chunk > 0) expect(rangeOf(plan, chunk - 1).end).toBe(start);
        }
      },
    ),
  );
});
