import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import Papa from 'papaparse';
import { recordPieces } from './csv-scan.ts';
import { decodeRecordRange, planOffsets, tableRangeOf } from './offset-table.ts';

async function* blocksOf(bytes: Uint8Array, blockBytes: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.byteLength; at += blockBytes) {
    yield await Promise.resolve(bytes.subarray(at, at + blockBytes));
  }
}

async function records(text: string, { delimiter = ',', blockBytes = 5, pieceBytes = 1 } = {}) {
  const found: string[] = [];
  const source = blocksOf(Buffer.from(text), blockBytes);
  for await (const piece of recordPieces(source, delimiter, { pieceBytes })) {
    found.push(Buffer.from(piece).toString());
  }
  return found;
}

/** Text in which quotes stand everywhere, right and wrong. */
const text = fc
  .array(
    fc.constantFrom('a', 'b ', '"', '""', ',', '\n', '\r\n', ' ', '\t', 'ü', '"x"', '"\n"', ',"'),
    { maxLength: 30 },
  )
  .map((parts) => parts.join(''));

/** Lines without quotes, short and long. */
const lines = fc
  .array(fc.integer({ min: 0, max: 12 }), { maxLength: 20 })
  .map((lengths) => lengths.map((length) => `${'x'.repeat(length)}\n`).join(''));

/** The rows as papaparse has them, without the empty one that it adds behind a last line break. */
function parsed(csv: string, delimiter: string): string[][] {
  const { data } = Papa.parse<string[]>(csv, { delimiter, newline: '\n' });
  const last = data.at(-1);
  const added = csv.endsWith('\n') && data.length > 1 && last?.length === 1 && last[0] === '';
  return added ? data.slice(0, -1) : data;
}

test('records end where papaparse ends them', async () => {
  const delimiter = fc.constantFrom(',', '\t', ' ');
  await fc.assert(
    fc.asyncProperty(text, delimiter, fc.integer({ min: 1, max: 9 }), async (csv, mark, block) => {
      const found = await records(csv, { delimiter: mark, blockBytes: block });
      expect(found.join('')).toBe(csv);
      expect(found.flatMap((record) => parsed(record, mark))).toEqual(
        csv === '' ? [] : parsed(csv, mark),
      );
      for (const record of found) expect(parsed(record, mark)).toHaveLength(1);
    }),
    { numRuns: 5_000 },
  );
});

test.each([
  ['quotes that hold line breaks', '"a\nb",c\nd\n', ['"a\nb",c\n', 'd\n']],
  ['two quotes for one', '"a""\n",b\nc', ['"a""\n",b\n', 'c']],
  ['a quote in the middle of a cell', 'a"b,c\nd"e\n', ['a"b,c\n', 'd"e\n']],
  ['a quote that does not close', '"a"b\n",c\nd\n', ['"a"b\n",c\n', 'd\n']],
  ['white space behind a quote', '"a" \r\nb\n', ['"a" \r\n', 'b\n']],
  ['nothing that closes', 'a\n"b\nc\n', ['a\n', '"b\nc\n']],
])('%s', async (_, csv, expected) => {
  expect(await records(csv)).toEqual(expected);
  for (let blockBytes = 1; blockBytes < csv.length; blockBytes++) {
    expect(await records(csv, { blockBytes })).toEqual(expected);
  }
});

test('pieces are whole records of about the size that is asked for', async () => {
  const csv = '"1\n2",3\n4,5\n6,7\n';
  expect(await records(csv, { pieceBytes: 9 })).toEqual(['"1\n2",3\n4,5\n', '6,7\n']);
  expect(await records(csv, { pieceBytes: 99 })).toEqual([csv]);
});

test('a record longer than the bound is told, with what may be wrong', async () => {
  const source = blocksOf(Buffer.from(`a\n"${'b\n'.repeat(50)}`), 7);
  const pieces = recordPieces(source, ',', { pieceBytes: 1, maxRecordBytes: 60 });
  expect(Buffer.from((await pieces.next()).value as Uint8Array).toString()).toBe('a\n');
  await expect(pieces.next()).rejects.toMatchObject({
    failure: {
      kind: 'malformed',
      detail: expect.stringMatching(/longer than 60 bytes; is a quote/),
    },
  });
});

async function planned(csv: string, chunkBytes: number, { firstByte = 0, blockBytes = 5 } = {}) {
  const bytes = Buffer.from(csv);
  const source = blocksOf(bytes.subarray(firstByte), blockBytes);
  const file = { bytes: bytes.byteLength, firstByte, firstLine: 1, chunkBytes };
  const { plan, table } = await planOffsets(source, file, { delimiter: ',' });
  const chunks = Array.from({ length: plan.chunks }, (_, chunk) => {
    const { start, end } = tableRangeOf(chunk);
    const range = decodeRecordRange(table.subarray(start, end));
    return { ...range, text: bytes.subarray(range.start, range.end).toString() };
  });
  return { plan, table, chunks };
}

test('the chunks together are the file, and each is whole records that begin on its line', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(text, lines),
      fc.integer({ min: 1, max: 20 }),
      fc.integer({ min: 1, max: 9 }),
      async (csv, chunkBytes, blockBytes) => {
        const { plan, table, chunks } = await planned(csv, chunkBytes, { blockBytes });
        expect(chunks.map((chunk) => chunk.text).join('')).toBe(csv);
        expect(table.byteLength).toBe(16 * (plan.chunks + 1));
        const all = await records(csv);
        const byChunk = await Promise.all(chunks.map((chunk) => records(chunk.text)));
        expect(byChunk.flat()).toEqual(all);
        for (const { start, end, firstLine } of chunks) {
          expect(end).toBeGreaterThan(start);
          const before = Buffer.from(csv).subarray(0, start).toString();
          expect(firstLine).toBe(1 + before.split('\n').length - 1);
        }
        // For each multiple of the size, the first record at or after it.
        let at = 0;
        const begins = all.map(
          (record) => (at += Buffer.byteLength(record)) - Buffer.byteLength(record),
        );
        const expected = new Set<number>();
        for (let multiple = 0; multiple < plan.bytes; multiple += chunkBytes) {
          const first = begins.find((begin) => begin >= multiple);
          if (first !== undefined) expected.add(first);
        }
        expect(chunks.map((chunk) => chunk.start)).toEqual([...expected]);
      },
    ),
    { numRuns: 2_000 },
  );
});

test('the scan begins behind the header, and ends with what it expects', async () => {
  const { plan, chunks } = await planned('id,x\n1,2\n3,4\n', 4, { firstByte: 5 });
  expect(plan).toEqual({
    kind: 'offsets',
    bytes: 13,
    chunkBytes: 4,
    chunks: 2,
    firstByte: 5,
    firstLine: 1,
  });
  expect(chunks.map((chunk) => chunk.text)).toEqual(['1,2\n', '3,4\n']);
  expect((await planned('id,x\n', 4, { firstByte: 5 })).plan.chunks).toBe(0);
  expect((await planned('', 4)).plan.chunks).toBe(0);
  const file = { bytes: 9, firstByte: 0, firstLine: 1, chunkBytes: 4 };
  const short = planOffsets(blocksOf(Buffer.from('a\n'), 2), file, { delimiter: ',' });
  await expect(short).rejects.toMatchObject({ failure: { kind: 'conflict' } });
  const open = planOffsets(blocksOf(Buffer.from('"a\nb\ncd\n'), 2), file, {
    delimiter: ',',
    maxRecordBytes: 6,
  });
  await expect(open).rejects.toMatchObject({ failure: { kind: 'malformed' } });
});

test('a table that is not one is damaged', () => {
  for (const bytes of [new Uint8Array(16), new Uint8Array(32), new Uint8Array(32).fill(255)]) {
    expect(() => decodeRecordRange(bytes)).toThrow(/^offset table: expected/);
  }
});
