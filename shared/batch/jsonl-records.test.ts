import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { JsonlRecords } from './jsonl-records.ts';
import type { InputColumns, RowTable } from './row-table.ts';

const number = (name: string, dimensions: number[] = []): InputColumns => ({
  name,
  datatype: 'FP32',
  dimensions,
  cells: [name],
  missing: [],
});
const word: InputColumns = { ...number('word'), datatype: 'BYTES' };

function table(inputs: InputColumns[], options: Partial<RowTable> = {}): RowTable {
  return {
    format: 'jsonl',
    delimiter: ',',
    quotedLineBreaks: true,
    columns: [],
    inputs,
    keep: [],
    outputs: [],
    runRows: 1,
    ...options,
  };
}

/** Each record's cells as text, undefined for what it lacks; or what is wrong. */
function records(text: string | Uint8Array, wanted: RowTable) {
  const reader = new JsonlRecords(Buffer.from(text), wanted);
  const found: { line: number; cells: (string | undefined)[] | string }[] = [];
  while (reader.next()) {
    const cells = Array.from({ length: reader.cells.length / 2 }, (_, cell) => {
      const start = reader.cells[cell * 2] as number;
      return start < 0
        ? undefined
        : reader.bytes.toString('utf8', start, reader.cells[cell * 2 + 1]);
    });
    found.push({ line: reader.line, cells: reader.problem ?? cells });
  }
  return { found, lines: reader.lines };
}
const cellsOf = (...args: Parameters<typeof records>) =>
  records(...args).found.map(({ cells }) => cells);

describe('records of JSON lines', () => {
  test('members feed the inputs of their names, in any order; white space alone is no record', () => {
    const text =
      '{"a":1,"word":"x"}\n\n \r\n{ "word" : "y", "more": [{"a": 7}], "a" : 2.50 }\r\n{"a":3,"word":"z"}';
    expect(records(text, table([number('a'), word]))).toEqual({
      found: [
        { line: 0, cells: ['1', 'x'] },
        { line: 3, cells: ['2.50', 'y'] },
        { line: 4, cells: ['3', 'z'] },
      ],
      lines: 5,
    });
  });

  test('arrays are flat, or nested as the dimensions are, alone or as one row', () => {
    const wanted = table([number('m', [2, 2])]);
    const lines = ['[1,2,3,4]', '[[1,2],[3,4]]', '[[[1,2],[3,4]]]'].map((m) => `{"m":${m}}`);
    expect(cellsOf(lines.join('\n'), wanted)).toEqual(lines.map(() => ['1', '2', '3', '4']));
  });

  test.each([
    ['[1,2,3]', 'expected 4 values, got 3'],
    ['[1,2,3,4,5]', 'expected 4 values, got more'],
    ['[[1,2,3,4]]', 'or one of [2,2], got [1,4]'],
    ['[[1],[2,3,4]]', 'not of one length'],
    ['[1,2,3,"x"]', 'expected a value of FP32, got "\\"x\\""'],
    ['[1,2,{},4]', 'expected a single value, got an object'],
    ['1', 'an array of 4'],
  ])('a matrix that is %s: %s', (m, expected) => {
    expect(cellsOf(`{"m":${m}}`, table([number('m', [2, 2])]))).toEqual([
      expect.stringContaining(expected),
    ]);
  });

  test('an Open Inference record names its inputs', () => {
    const text = JSON.stringify({
      id: 'r1',
      inputs: [
        { name: 'word', shape: [1], datatype: 'BYTES', data: ['w'] },
        { name: 'a', shape: [1, 1], datatype: 'FP32', data: [[4]] },
      ],
    });
    expect(cellsOf(text, table([number('a', [1]), word], { keep: ['id'] }))).toEqual([
      ['4', 'w', '"r1"'],
    ]);
    expect(cellsOf('{"inputs":[{"name":"b","data":[1]}]}', table([number('a')]))).toEqual([
      expect.stringContaining('takes no input "b"'),
    ]);
  });

  test('strings are decoded, kept members stay as they came', () => {
    const text =
      '{"word":"\\u00f6 \\"q\\"","id":  1.0e2 ,"list":[1, {"b":null}],"n":12345678901234567890}';
    expect(cellsOf(text, table([word], { keep: ['id', 'list', 'n', 'absent'] }))).toEqual([
      ['ö "q"', '1.0e2', '[1, {"b":null}]', '12345678901234567890', undefined],
    ]);
  });

  test('null and absent members are missing; an empty text is none', () => {
    expect(cellsOf('{"a":null,"word":""}\n{}', table([number('a'), word]))).toEqual([
      [undefined, ''],
      [undefined, undefined],
    ]);
  });

  test('several members may make one input; one may feed several, and be kept', () => {
    const pair = { ...number('p', [2]), cells: ['x', 'y'] };
    const single = { ...number('s'), cells: ['x'] };
    expect(cellsOf('{"y":2,"x":1}', table([pair, single], { keep: ['x'] }))).toEqual([
      ['1', '2', '1', '1'],
    ]);
  });

  test('a single input takes the first members that are for it, unless there is one of its name', () => {
    const wanted = table([number('image', [3])], { keep: ['id'], besides: ['id', 'label'] });
    const text =
      '{"id":7,"p0":1,"label":9,"p1":2,"p2":3,"p3":4}\n{"p0":9,"image":[4,5,6]}\n{"image":[4,5,6],"p0":9}\n{"p0":1}';
    expect(cellsOf(text, wanted)).toEqual([
      ['1', '2', '3', '7'],
      ['4', '5', '6', undefined],
      ['4', '5', '6', undefined],
      ['1', undefined, undefined, undefined],
    ]);
  });

  test('what our own output writes for NaN is a number again; other strings are none', () => {
    expect(cellsOf('{"a":"NaN"}\n{"a":"-Infinity"}\n{"a":"1"}', table([number('a')]))).toEqual([
      ['NaN'],
      ['-Infinity'],
      expect.stringContaining('member "a": expected a value of FP32'),
    ]);
    expect(cellsOf('{"word":5}', table([word]))).toEqual([
      expect.stringContaining('expected a string, got "5"'),
    ]);
  });

  test.each([
    ['not json at all'],
    ['[1,2]'],
    ['{"a":1'],
    ['{"a":1} x'],
    ['{"a" 1}'],
    ['{"id":tru,"a":1}'],
    ['{"a":1,"inputs":[{"name":"a"}]}'],
    [`{"x":${'['.repeat(200)}`],
  ])('%s fails alone', (line) => {
    expect(cellsOf(`{"a":1}\n${line}\n{"a":2}\n`, table([number('a')], { keep: ['id'] }))).toEqual([
      ['1', undefined],
      expect.any(String),
      ['2', undefined],
    ]);
  });

  test('property: any object’s members come back as JSON.parse has them', () => {
    const row = fc.record({
      a: fc.double({ noNaN: true, noDefaultInfinity: true }),
      word: fc.string({ unit: 'grapheme' }),
      id: fc.jsonValue({ maxDepth: 3 }),
    });
    fc.assert(
      fc.property(fc.array(row), fc.constantFrom('\n', '\r\n'), (rows, newline) => {
        const text = rows.map((each) => JSON.stringify(each)).join(newline);
        const found = cellsOf(text, table([number('a'), word], { keep: ['id'] }));
        expect(
          found.map(([a, text, id]) => [Number(a), text, JSON.parse(id ?? '') as unknown]),
        ).toEqual(
          rows.map(({ a, word: text, id }) => [
            Object.is(a, -0) ? 0 : a,
            text,
            JSON.parse(JSON.stringify(id)) as unknown,
          ]),
        );
      }),
      { numRuns: 500 },
    );
  });
});
