import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { GROUP_CHUNKS, MAX_CHUNKS } from './chunk-plan.ts';
import {
  blockName,
  blocksOf,
  type ChunkReceipt,
  chunksOfGroup,
  groupOf,
  groupsOf,
  isGroupFull,
  lineOffsets,
  sumOf,
} from './receipt.ts';
import { groupText, receiptMetadata, receiptOfMetadata, receiptsOfText } from './receipt-text.ts';

const count = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });
const receipt: fc.Arbitrary<ChunkReceipt> = fc.record({
  chunk: fc.nat(MAX_CHUNKS - 1),
  attempt: fc.stringMatching(/^[0-9a-f]{8}$/),
  outputBlocks: fc.nat(9_999),
  hasErrors: fc.boolean(),
  lines: count,
  scored: count,
  failed: count,
});

function receiptOf(chunk: number, rest: Partial<ChunkReceipt> = {}): ChunkReceipt {
  const given = { lines: 2, scored: 1, failed: 1, outputBlocks: 1, hasErrors: true };
  return { chunk, attempt: '0123abcd', ...given, ...rest };
}

test('every chunk is in one group, and groups are full when all of theirs are there', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: MAX_CHUNKS }), (chunks) => {
      const groups = groupsOf(chunks);
      let next = 0;
      for (let group = 0; group < groups; group++) {
        const { first, end } = chunksOfGroup(group, chunks);
        expect(first).toBe(next);
        expect(end).toBeGreaterThan(first);
        expect([groupOf(first), groupOf(end - 1)]).toEqual([group, group]);
        next = end;
      }
      expect(next).toBe(chunks);
    }),
    { numRuns: 50 },
  );
  const all = Array.from({ length: 300 }, (_, chunk) => receiptOf(chunk));
  expect(isGroupFull(all.slice(0, GROUP_CHUNKS), 0, 300)).toBe(true);
  expect(isGroupFull(all.slice(1, GROUP_CHUNKS), 0, 300)).toBe(false);
  expect(isGroupFull(all.slice(GROUP_CHUNKS), 1, 300)).toBe(true);
  expect(isGroupFull(all.slice(GROUP_CHUNKS, 299), 1, 300)).toBe(false);
  expect(isGroupFull([], 1, 300)).toBe(false);
});

test('sums, and the first line of each chunk', () => {
  const all = [receiptOf(0, { lines: 5 }), receiptOf(1, { lines: 0 }), receiptOf(2, { scored: 7 })];
  expect(sumOf(all)).toEqual({ scored: 9, failed: 3 });
  expect(sumOf([])).toEqual({ scored: 0, failed: 0 });
  expect([...lineOffsets(all, 2)]).toEqual([2, 7, 7]);
  expect(() => lineOffsets(all.slice(1), 2)).toThrow('expected the receipt of chunk 0, got 1');
});

test('block ids are of one length, distinct, and base64', () => {
  const ids = [blockName(0, '00000000', 0), blockName(48_999, 'ffffffff', 9_999)];
  expect(ids[0]).toHaveLength(ids[1]?.length ?? 0);
  for (const id of ids) expect(Buffer.from(id, 'base64').toString('base64')).toBe(id);
  expect(blocksOf(receiptOf(3, { outputBlocks: 2 }))).toEqual([
    blockName(3, '0123abcd', 0),
    blockName(3, '0123abcd', 1),
  ]);
  expect(blocksOf(receiptOf(3, { outputBlocks: 0 }))).toEqual([]);
});

test('receipts are read as they were written', () => {
  fc.assert(
    fc.property(receipt, (written) => {
      const metadata = receiptMetadata(written);
      expect(receiptOfMetadata(written.chunk, metadata)).toEqual(written);
      for (const [name, value] of Object.entries(metadata)) {
        expect(name).toBe(name.toLowerCase());
        expect(typeof value).toBe('string');
      }
    }),
  );
  const group = Array.from({ length: 3 }, (_, at) => receiptOf(GROUP_CHUNKS + at));
  expect(receiptsOfText(groupText([...group].reverse()), 1)).toEqual(group);
});

describe('what is not a receipt is damaged', () => {
  const damaged = expect.objectContaining({
    failure: expect.objectContaining({ kind: 'damaged' }),
  });
  const metadata = receiptMetadata(receiptOf(1));
  test.each(Object.keys(metadata))('without %s', (name) => {
    const { [name]: _, ...rest } = metadata;
    expect(() => receiptOfMetadata(1, rest)).toThrow(damaged);
  });
  test.each([
    { attempt: '0123ABCD' },
    { lines: '1.5' },
    { lines: '-1' },
    { lines: '' },
    { lines: '99999999999999999' },
    { haserrors: 'yes' },
    { outputblocks: '0x1' },
  ])('%j', (change) => {
    expect(() => receiptOfMetadata(1, { ...metadata, ...change })).toThrow(damaged);
  });
  test.each([
    '',
    '{}',
    '[]',
    '[null]',
    '[1]',
    JSON.stringify([receiptOf(1)]),
    JSON.stringify([receiptOf(0), receiptOf(2)]),
    JSON.stringify([{ ...receiptOf(0), lines: '2' }]),
  ])('group %s', (text) => {
    expect(() => receiptsOfText(text, 0)).toThrow(damaged);
  });
  test('a chunk that no plan has', () => {
    expect(() => receiptOfMetadata(MAX_CHUNKS, metadata)).toThrow(damaged);
  });
});
