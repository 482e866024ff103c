import { describe, expect, test } from '@jest/globals';
import { areAlone, BodyPool } from './body-pool.ts';

describe('a pool of bodies', () => {
  test.each([0, 1, 7, 8, 165])('byte %i can be read as any element', (alignedAt) => {
    const body = new BodyPool(1_000_000).take(100_000, alignedAt);
    expect(body.byteLength).toBe(100_000);
    expect((body.byteOffset + alignedAt) % 8).toBe(0);
    expect(areAlone(body)).toBe(true);
  });

  test('what was given back is used again, by one at a time', () => {
    const pool = new BodyPool(1_000_000);
    const first = pool.take(100_000);
    pool.give(first.buffer);
    const [second, third] = [pool.take(90_000, 3), pool.take(90_000)];
    expect(second.buffer).toBe(first.buffer);
    expect(third.buffer).not.toBe(first.buffer);
  });

  test('keeps no more than it may, and nothing small, huge or odd', () => {
    const pool = new BodyPool(200_000);
    const bodies = [1_000, 100_000, 100_000, 20_000_000].map((bytes) => pool.take(bytes));
    for (const { buffer } of bodies) pool.give(buffer);
    pool.give(new ArrayBuffer(70_000));
    const again = [1_000, 100_000, 100_000, 20_000_000].map((bytes) => pool.take(bytes));
    const reused = again.filter(({ buffer }) => bodies.some((body) => body.buffer === buffer));
    expect(reused).toHaveLength(1);
  });

  test('a body beyond any pool is alone in its buffer too, wherever its payload begins', () => {
    for (const alignedAt of [0, 1, 5]) {
      expect(areAlone(new BodyPool(0).take(20_000_000, alignedAt))).toBe(true);
    }
  });

  test('a small part of a shared buffer is not alone in it', () => {
    expect(areAlone(new Uint8Array(new ArrayBuffer(8_192), 0, 4_000))).toBe(false);
    expect(areAlone(new Uint8Array(new ArrayBuffer(65_536), 8, 1_000))).toBe(false);
    expect(areAlone(new Uint8Array(40))).toBe(true);
  });
});
