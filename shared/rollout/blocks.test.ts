import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { BLOCK_MS, BlockBuilder, MAX_BLOCKS, type Outcome, sumOfCounts } from './blocks.ts';
import type { Arm } from './counts.ts';

const FINE: Outcome = { error: false, timed: true, slow: false };

function fill(builder: BlockBuilder, now: number): void {
  for (let i = 0; i < 20; i++) builder.add(i % 2 === 0 ? 'production' : 'candidate', FINE, now);
}

describe('blocks', () => {
  test('end by time', () => {
    const builder = new BlockBuilder();
    fill(builder, 0);
    fill(builder, BLOCK_MS - 1);
    expect(builder.blocks()).toHaveLength(1);
    fill(builder, BLOCK_MS);
    fill(builder, 3 * BLOCK_MS);
    expect(builder.blocks().map(({ candidate }) => candidate.requests)).toEqual([20, 10, 10]);
  });

  test('go on until both arms are in them, and a few requests', () => {
    const builder = new BlockBuilder();
    for (let i = 0; i < 100; i++) builder.add('production', FINE, i * BLOCK_MS);
    expect(builder.blocks()).toHaveLength(1);
    builder.add('candidate', FINE, 100 * BLOCK_MS);
    builder.add('production', FINE, 101 * BLOCK_MS);
    expect(builder.blocks().map(({ production }) => production.requests)).toEqual([100, 1]);
  });

  test('end regardless of what came of the requests', () => {
    const outcome = fc.record({ error: fc.boolean(), timed: fc.boolean(), slow: fc.boolean() });
    fc.assert(
      fc.property(
        fc.array(
          fc.tuple(
            fc.constantFrom<Arm>('production', 'candidate'),
            outcome,
            fc.integer({ min: 0, max: 3000 }),
          ),
          { minLength: 40, maxLength: 200 },
        ),
        (requests) => {
          const [seen, dull] = [new BlockBuilder(), new BlockBuilder()];
          let now = 0;
          for (const [arm, what, gap] of requests) {
            now += gap;
            seen.add(arm, what, now);
            dull.add(arm, FINE, now);
          }
          const sizes = (builder: BlockBuilder) =>
            builder
              .blocks()
              .map(({ production, candidate }) => [production.requests, candidate.requests]);
          expect(sizes(seen)).toEqual(sizes(dull));
        },
      ),
    );
  });

  test('are bounded, and nothing gets lost', () => {
    const builder = new BlockBuilder();
    for (let i = 0; i < 5 * MAX_BLOCKS; i++) {
      fill(builder, i * BLOCK_MS);
      builder.add(
        'candidate',
        { error: true, timed: true, slow: true, errorAgain: true, slowAgain: true },
        i * BLOCK_MS,
      );
      expect(builder.blocks().length).toBeLessThanOrEqual(MAX_BLOCKS);
    }
    const rounds = 5 * MAX_BLOCKS;
    expect(sumOfCounts(builder.blocks().map(({ candidate }) => candidate))).toEqual({
      requests: 11 * rounds,
      errors: rounds,
      errorsAgain: rounds,
      timed: 11 * rounds,
      slow: rounds,
      slowAgain: rounds,
    });
    expect(sumOfCounts(builder.blocks().map(({ production }) => production)).requests).toBe(
      10 * rounds,
    );
  });

  test('handed out don’t change any more', () => {
    const builder = new BlockBuilder();
    fill(builder, 0);
    const before = JSON.stringify(builder.blocks());
    const held = builder.blocks();
    fill(builder, 1);
    expect(JSON.stringify(held)).toBe(before);
  });
});
