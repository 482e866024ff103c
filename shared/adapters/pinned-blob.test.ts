import { expect, test } from '@jest/globals';
import { digestOf, type PinnedBlob, readRange, readWhole } from './pinned-blob.ts';

/** A blob that says it has 10 bytes and answers each range with what `give` makes of it. */
function blob(give: (offset: number, count: number) => number): PinnedBlob {
  return {
    name: 'b',
    bytes: 10,
    async *read(offset, count) {
      const bytes = give(offset, count);
      for (let i = 0; i < bytes; i++) yield await Promise.resolve(Uint8Array.of(offset + i));
    },
  };
}
async function bytesOf(chunks: AsyncIterable<Uint8Array>): Promise<number[]> {
  const all: number[] = [];
  for await (const chunk of chunks) all.push(...chunk);
  return all;
}

test('a whole blob is its ranges in order', async () => {
  for (const rangeBytes of [1, 3, 5, 9, 10, 11]) {
    const whole = blob((_, count) => count);
    expect(await bytesOf(readWhole(whole, rangeBytes))).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  }
});

test.each([
  ['fewer', (count: number) => count - 1, 'got 4'],
  ['more', (count: number) => count + 1, 'got more'],
  ['no', () => 0, 'got 0'],
])('a range of %s bytes than asked for is a conflict', async (_, give, got) => {
  const wrong = blob((_offset, count) => give(count));
  await expect(bytesOf(readRange(wrong, 5, 5))).rejects.toMatchObject({
    failure: { kind: 'conflict', detail: `b: expected 5 bytes from 5 on, ${got}` },
  });
  await expect(digestOf(readWhole(wrong, 5))).rejects.toMatchObject({
    failure: { kind: 'conflict' },
  });
});
