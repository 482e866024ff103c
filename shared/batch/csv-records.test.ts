import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import Papa from 'papaparse';
import { CsvRecords } from './csv-records.ts';
import type { RowTable } from './row-table.ts';

function table(width: number, options: Partial<RowTable> = {}): RowTable {
  return {
    format: 'csv',
    delimiter: ',',
    quotedLineBreaks: true,
    columns: Array.from({ length: width }, (_, index) => `c${index}`),
    inputs: [],
    keep: Array.from({ length: width }, (_, index) => index),
    outputs: [],
    runRows: 1,
    ...options,
  };
}

/** Each record: its line, and its cells or what is wrong. */
function records(text: string | Uint8Array, width: number, options?: Partial<RowTable>) {
  const reader = new CsvRecords(Buffer.from(text), table(width, options));
  const found: { line: number; cells: string[] | string; row: string }[] = [];
  while (reader.next()) {
    const row = Buffer.from(text).toString('utf8', reader.start, reader.end);
    const cells = Array.from({ length: width }, (_, cell) =>
      reader.bytes.toString('utf8', reader.cells[cell * 2], reader.cells[cell * 2 + 1]),
    );
    found.push({ line: reader.line, cells: reader.problem ?? cells, row });
  }
  return { found, lines: reader.lines };
}
const cellsOf = (...args: Parameters<typeof records>) =>
  records(...args).found.map(({ cells }) => cells);

describe('records of CSV', () => {
  test('LF and CRLF end lines, the last need not end; empty lines are none', () => {
    const text = '1,a\n2,b\r\n\n\r\n3,c';
    expect(records(text, 2)).toEqual({
      found: [
        { line: 0, cells: ['1', 'a'], row: '1,a' },
        { line: 1, cells: ['2', 'b'], row: '2,b' },
        { line: 4, cells: ['3', 'c'], row: '3,c' },
      ],
      lines: 5,
    });
    // And as the parser reads it.
    expect(records(`${text}\n"4",d\r\n5,"e"\r\n`, 2)).toEqual({
      found: [
        ...records(text, 2).found,
        { line: 5, cells: ['4', 'd'], row: '"4",d' },
        { line: 6, cells: ['5', 'e'], row: '5,"e"' },
      ],
      lines: 7,
    });
  });

  test.each(['1,2\n', '"1",2\n'])('a byte order mark in front of %p is passed over', (text) => {
    expect(cellsOf(`\ufeff${text}`, 2)).toEqual([['1', '2']]);
  });

  test('quoted cells hold delimiters, quotes, line breaks and any letters', () => {
    const text = 'x,"a,b"\n"ö ""q""","two\r\nlines"\ny,z\n';
    expect(records(text, 2)).toEqual({
      found: [
        { line: 0, cells: ['x', 'a,b'], row: 'x,"a,b"' },
        { line: 1, cells: ['ö "q"', 'two\r\nlines'], row: '"ö ""q""","two\r\nlines"' },
        { line: 3, cells: ['y', 'z'], row: 'y,z' },
      ],
      lines: 4,
    });
  });

  test('a ragged row says how many cells there were, and harms no other', () => {
    expect(cellsOf('1,2\n3\n4,5,6\n7,8\n', 2)).toEqual([
      ['1', '2'],
      'expected 2 cells, got 1',
      'expected 2 cells, got 3',
      ['7', '8'],
    ]);
    expect(cellsOf('1,2\n"3"\n"4",5,6\n7,8\n', 2)).toEqual([
      ['1', '2'],
      'expected 2 cells, got 1',
      'expected 2 cells, got 3',
      ['7', '8'],
    ]);
  });

  test('a quote that nobody closes fails its line, and the next are read', () => {
    const { found, lines } = records('1,2\n"3,4\n5,6\n7,8', 2);
    expect(found.map(({ line, cells }) => [line, cells])).toEqual([
      [0, ['1', '2']],
      [1, 'a quoted cell is not closed'],
      [2, ['5', '6']],
      [3, ['7', '8']],
    ]);
    expect([found[1]?.row, lines]).toEqual(['"3,4', 4]);
    expect(cellsOf('"a"b,2\n3,"4"\n', 2)).toEqual([
      expect.stringContaining('behind a closing quote'),
      ['3', '4'],
    ]);
  });

  test('without quoted line breaks, each line is a record whatever is in it', () => {
    expect(cellsOf('"1,2\n3,"4"\n5,6\n', 2, { quotedLineBreaks: false })).toEqual([
      'a quoted cell is not closed',
      ['3', '4'],
      ['5', '6'],
    ]);
    expect(cellsOf('"1\n2",3\n4,5\n', 2, { quotedLineBreaks: false })).toEqual([
      'a quoted cell is not closed',
      // Its closing quote is nothing in particular on a line of its own.
      ['2"', '3'],
      ['4', '5'],
    ]);
  });

  test('one column: an empty line is none, an empty cell in quotes is one', () => {
    expect(records('a\n\n""\nb\n', 1).found.map(({ line, cells }) => [line, cells])).toEqual([
      [0, ['a']],
      [2, ['']],
      [3, ['b']],
    ]);
  });

  test('what is not UTF-8 fails alone', () => {
    const bytes = Buffer.concat([
      Buffer.from('1,a\n2,'),
      Buffer.from([0xff]),
      Buffer.from('\n3,ö\n'),
    ]);
    expect(cellsOf(bytes, 2)).toEqual([['1', 'a'], 'expected text in UTF-8', ['3', 'ö']]);
  });

  test('a line of a megabyte is a record', () => {
    const long = 'x'.repeat(1_000_000);
    expect(cellsOf(`1,${long}\n2,"${long}"\n3,"""${long}\n"\n4,x\n`, 2)).toEqual([
      ['1', long],
      ['2', long],
      ['3', `"${long}\n`],
      ['4', 'x'],
    ]);
  });

  test('property: any text whatever is read as papaparse reads it, up to what it finds wrong', () => {
    const text = fc
      .array(fc.constantFrom('a', 'ö', ',', ',', '"', '"', '""', '\n', '\n', ' '), {
        maxLength: 60,
      })
      .map((parts) => parts.join(''));
    fc.assert(
      fc.property(text, (any) => {
        const { data, errors } = Papa.parse<string[]>(any, { delimiter: ',', newline: '\n' });
        const right = data.slice(0, errors[0]?.row ?? data.length);
        for (const [index, cells] of right.entries()) {
          // What reads it knows an empty line from `""`, what tests it doesn't.
          if (cells.length === 1 && cells[0] === '') return;
          const { found } = records(any, cells.length);
          expect(found[index]?.cells).toEqual(cells);
        }
      }),
      { numRuns: 2_000 },
    );
  });

  test('property: cells come as they were written, quoted or not, each on its line', () => {
    const cell = fc.oneof(
      fc.string({ unit: 'grapheme', maxLength: 8 }),
      fc.string({ unit: fc.constantFrom('a', ',', '"', '\n', '\r', ' ', 'ö'), maxLength: 6 }),
    );
    const width = 3;
    const rows = fc.array(fc.array(cell, { minLength: width, maxLength: width }), {
      maxLength: 12,
    });
    fc.assert(
      fc.property(rows, fc.constantFrom('\n', '\r\n'), fc.boolean(), (written, newline, quotes) => {
        const text = Papa.unparse(written, { newline, quotes });
        const { found, lines } = records(text, width);
        expect(found.map(({ cells }) => cells)).toEqual(written);
        expect(lines).toBe(text === '' ? 0 : text.split('\n').length);
        for (const [index, { line, row }] of found.entries()) {
          expect(row).toBe(Papa.unparse([written[index]], { quotes }));
          expect(text.split('\n').slice(line).join('\n').startsWith(row)).toBe(true);
        }
      }),
      { numRuns: 500 },
    );
  });
});
