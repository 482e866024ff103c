import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { linePieces } from './lines.ts';

/** A file that is read in blocks of `blockBytes`, and what was read of it. */
function fileOf(text: string | Uint8Array, blockBytes = 3) {
  const bytes = typeof text === 'string' ? Buffer.from(text) : text;
  const asked: [number, number][] = [];
  async function* read(start: number, end: number): AsyncGenerator<Uint8Array> {
    asked.push([start, end]);
    expect(start).toBeLessThan(end);
    expect(end).toBeLessThanOrEqual(bytes.byteLength);
    for (let at = start; at < end; at += blockBytes) {
      yield await Promise.resolve(bytes.subarray(at, Math.min(end, at + blockBytes)));
    }
  }
  return { bytes, asked, read };
}

async function collect(pieces: AsyncIterable<Uint8Array>): Promise<string[]> {
  const texts: string[] = [];
  for await (const piece of pieces) texts.push(Buffer.from(piece).toString('latin1'));
  return texts;
}

/** Text in which line ends, empty lines and characters of several bytes are frequent. */
const text = fc
  .array(fc.constantFrom('a', 'bc', '\n', '\r\n', '\n\n', 'ü', '€', '😀', '"', ','), {
    maxLength: 40,
  })
  .map((parts) => parts.join(''));

test('the chunks together are the file, each line once and in order, however it is cut', async () => {
  await fc.assert(
    fc.asyncProperty(
      text,
      fc.integer({ min: 1, max: 20 }),
      fc.integer({ min: 1, max: 9 }),
      fc.integer({ min: 1, max: 9 }),
      async (content, chunkBytes, pieceBytes, blockBytes) => {
        const { bytes, read } = fileOf(content, blockBytes);
        let together = '';
        for (let start = 0; start < bytes.byteLength; start += chunkBytes) {
          const end = Math.min(bytes.byteLength, start + chunkBytes);
          const range = { start, end, firstByte: 0, bytes: bytes.byteLength };
          const pieces = await collect(linePieces(range, read, { pieceBytes }));
          // The chunk begins with the first line that begins in it.
          const before = bytes.subarray(0, together.length);
          if (pieces.length > 0) {
            expect(together.length).toBeGreaterThanOrEqual(start);
            expect(together.length).toBeLessThan(end);
            expect(before.byteLength === 0 || before.at(-1) === 0x0a).toBe(true);
          }
          for (const piece of pieces) {
            expect(piece.length).toBeGreaterThan(0);
            together += piece;
            expect(piece.endsWith('\n') || together.length === bytes.byteLength).toBe(true);
            // No piece could have ended earlier.
            const least = piece.slice(Math.max(0, pieceBytes - 1), -1);
            expect(least).not.toContain('\n');
          }
        }
        expect(together).toBe(bytes.toString('latin1'));
      },
    ),
    { numRuns: 2_000 },
  );
});

test('rows begin at the first byte, behind a byte order mark or a header', async () => {
  const { bytes, read } = fileOf('\uFEFFa\nb\nc\n');
  const size = bytes.byteLength;
  const lines = (start: number, end: number, firstByte: number) =>
    collect(linePieces({ start, end, firstByte, bytes: size }, read, { pieceBytes: 1 }));
  expect(await lines(3, size, 3)).toEqual(['a\n', 'b\n', 'c\n']);
  expect(await lines(5, size, 5)).toEqual(['b\n', 'c\n']);
  expect(await lines(5, 6, 5)).toEqual(['b\n']);
  expect(await lines(6, size, 5)).toEqual(['c\n']);
});

describe('reading', () => {
  const lines = `${'x'.repeat(9)}\n`.repeat(100_000);
  test('asks for no more than the chunk and a step beyond', async () => {
    const { bytes, asked, read } = fileOf(lines, 1 << 16);
    const range = { start: 1_005, end: 2_005, firstByte: 0, bytes: bytes.byteLength };
    const pieces = await collect(linePieces(range, read, { pieceBytes: 100 }));
    expect(pieces.join('')).toHaveLength(1_000);
    expect(asked).toEqual([
      [1_004, 2_005],
      [2_005, 2_005 + 65_536],
    ]);
  });
  test('asks for nothing beyond a chunk that ends with a line, or has none', async () => {
    const { bytes, asked, read } = fileOf(`${'x'.repeat(50)}\nabc\n`);
    const size = bytes.byteLength;
    const of = (start: number, end: number) =>
      collect(linePieces({ start, end, firstByte: 0, bytes: size }, read, { pieceBytes: 9 }));
    expect(await of(0, 51)).toHaveLength(1);
    expect(await of(10, 20)).toEqual([]);
    expect(await of(10, 51)).toEqual([]);
    expect(await of(55, 55)).toEqual([]);
    expect(asked).toEqual([
      [0, 51],
      [9, 20],
      [9, 51],
    ]);
  });
});

describe('long lines', () => {
  const long = `${'y'.repeat(1_000_000)}\n`;
  test('a line of 1 MB is one piece, and belongs to the chunk that it begins in', async () => {
    const { bytes, read } = fileOf(`a\n${long}b\n`, 1 << 16);
    const size = bytes.byteLength;
    const of = (start: number, end: number) =>
      collect(linePieces({ start, end, firstByte: 0, bytes: size }, read, { pieceBytes: 1_000 }));
    expect(await of(0, 100)).toEqual([`a\n${long}`]);
    expect(await of(100, 1_000_000)).toEqual([]);
    expect(await of(1_000_000, size)).toEqual(['b\n']);
  });
  test.each([
    [20, 1],
    [20, 7],
    [20, 100],
    [10, 100],
  ])('one longer than the bound is told, %i bytes, in blocks of %i', async (max, blockBytes) => {
    const { bytes, read } = fileOf(`a\n${'y'.repeat(max)}\nb\n`, blockBytes);
    const range = { start: 0, end: bytes.byteLength, firstByte: 0, bytes: bytes.byteLength };
    const pieces = (maxRecordBytes: number) =>
      collect(linePieces(range, read, { pieceBytes: 4, maxRecordBytes }));
    expect((await pieces(max + 1)).join('')).toBe(bytes.toString());
    await expect(pieces(max)).rejects.toMatchObject({
      failure: {
        kind: 'malformed',
        detail: expect.stringMatching(/^a line is longer than \d+ bytes/),
      },
    });
  });
});
