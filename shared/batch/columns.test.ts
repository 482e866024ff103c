import { describe, expect, test } from '@jest/globals';
import type { Signature } from '../protocol/tensor.ts';
import { csvColumns, rowTable, type TableSource } from './columns.ts';
import { csvHeader } from './csv-output.ts';
import { hasOpenOutputs, outputColumns, settleOutputs } from './output-columns.ts';

type Spec = Signature['inputs'][number];
const fp32 = (name: string, shape: number[] | undefined): Spec => ({
  name,
  datatype: 'FP32',
  shape,
});

function table(
  inputs: Spec[],
  columns: string[],
  options: Partial<TableSource['request'] & Pick<TableSource, 'card' | 'batchRows'>> & {
    gives?: Spec[];
  } = {},
) {
  const { gives = [fp32('y', [-1])], card = {}, batchRows = 8, ...request } = options;
  return rowTable({
    signature: { inputs, outputs: gives },
    card,
    request: {
      format: 'csv',
      csv: { delimiter: ',', header: true, quotedLineBreaks: true },
      keep: [],
      ...request,
    },
    columns,
    batchRows,
  });
}
const cells = (...args: Parameters<typeof table>) =>
  table(...args).inputs.map((input) => input.cells);

describe('columns feed inputs', () => {
  test('by name, [N] and [N,1] alike', () => {
    expect(cells([fp32('b', [-1]), fp32('a', [-1, 1])], ['a', 'x', 'b'])).toEqual([[2], [0]]);
    expect(cells([fp32('b', [-1, 1])], ['a', 'b'])).toEqual([[1]]);
  });

  test('a single input takes the first that are neither kept nor the card’s label or slices', () => {
    const card = { label: 'label', slices: ['region'] };
    const columns = ['label', 'p0', 'id', 'p1', 'region', 'p2', 'p3', 'p4'];
    const made = table([fp32('image', [-1, 2, 2])], columns, { keep: ['id'], card });
    expect(made.inputs[0]).toMatchObject({ cells: [1, 3, 5, 6], dimensions: [2, 2] });
    expect(made.keep).toEqual([2]);
  });

  test('`inputs` overrides: the request’s goes over the card’s', () => {
    const card = { inputs: { x: ['a', 'b'], z: 'c' } };
    const specs = [fp32('x', [-1, 2]), fp32('z', [-1])];
    expect(cells(specs, ['a', 'b', 'c'], { card })).toEqual([[0, 1], [2]]);
    expect(cells(specs, ['a', 'b', 'c'], { card, inputs: { x: ['c', 'a'] } })).toEqual([
      [2, 0],
      [2],
    ]);
  });

  test('an open dimension takes its length from the columns that were listed', () => {
    const made = table([fp32('x', [-1, -1])], ['a', 'b', 'c'], { inputs: { x: ['a', 'b', 'c'] } });
    expect(made.inputs[0]).toMatchObject({ dimensions: [3], cells: [0, 1, 2] });
    const half = table([fp32('x', [-1, 2, -1])], ['a', 'b', 'c', 'd'], {
      inputs: { x: ['a', 'b', 'c', 'd'] },
    });
    expect(half.inputs[0]?.dimensions).toEqual([2, 2]);
  });

  test('without a header, columns are c0, c1, …', () => {
    expect(csvColumns(['5', '6'], { header: false })).toEqual(['c0', 'c1']);
    expect(csvColumns(['a', 'b'], { header: true })).toEqual(['a', 'b']);
  });

  test.each<[string, RegExp, () => unknown]>([
    [
      'keep',
      /no column `z`; there are `a`, `b`/,
      () => table([fp32('a', [-1])], ['a', 'b'], { keep: ['z'] }),
    ],
    [
      'keep twice',
      /`a` stands there twice/,
      () => table([fp32('a', [-1])], ['a'], { keep: ['a', 'a'] }),
    ],
    [
      'a named column',
      /input `a` needs a column `z`.*it has `a`, `b`/,
      () => table([fp32('a', [-1])], ['a', 'b'], { inputs: { a: 'z' } }),
    ],
    [
      'a column of two',
      /which the file has twice/,
      () => table([fp32('a', [-1]), fp32('b', [-1])], ['a', 'b', 'a']),
    ],
    [
      'an input',
      /the model takes no `q`; it takes `a`/,
      () => table([fp32('a', [-1])], ['a'], { inputs: { q: 'a' } }),
    ],
    [
      'the card’s input',
      /the card’s inputs: the model takes no `q`/,
      () => table([fp32('a', [-1])], ['a'], { card: { inputs: { q: 'a' } } }),
    ],
    [
      'no column of an input’s name',
      /input `b` needs a column `b`/,
      () => table([fp32('a', [-1]), fp32('b', [-1])], ['a', 'c']),
    ],
    [
      'too few',
      /takes 3 columns, the file has 1 for it: `a`/,
      () => table([fp32('x', [-1, 3])], ['a', 'id'], { keep: ['id'] }),
    ],
    [
      'a wrong count',
      /takes 3 columns, `inputs` names 2/,
      () => table([fp32('x', [-1, 3])], ['a', 'b'], { inputs: { x: ['a', 'b'] } }),
    ],
    [
      'one of several',
      /`x` \(FP32 \[-1,3\]\) takes 3 columns: list them/,
      () => table([fp32('x', [-1, 3]), fp32('z', [-1])], ['x', 'z']),
    ],
    [
      'an open dimension',
      /doesn't say how many columns.*list them in `inputs`/,
      () => table([fp32('x', [-1, -1])], ['a']),
    ],
    ['rows at once', /takes 4 rows at once/, () => table([fp32('x', [4, 2])], ['a', 'b'])],
    [
      'an output',
      /the model gives no `q`; it gives `y`/,
      () => table([fp32('a', [-1])], ['a'], { outputs: ['q'] }),
    ],
    [
      'a default',
      /column `a` feeds input `a`: expected a number within FP32, got "much"/,
      () => table([fp32('a', [-1])], ['a'], { card: { missing: { a: 'much' } } }),
    ],
  ])('%s that doesn’t fit is named', (_what, expected, make) => {
    expect(make).toThrow(expected);
  });

  test('what an empty cell counts as', () => {
    const specs: Spec[] = [
      fp32('f', [-1]),
      { name: 'i', datatype: 'INT64', shape: [-1] },
      { name: 't', datatype: 'BYTES', shape: [-1] },
    ];
    const missing = (card: TableSource['card']) =>
      table(specs, ['f', 'i', 't'], { card }).inputs.map((each) => each.missing);
    expect(missing({})).toEqual([[], [], []]);
    expect(missing({ missing: 'error' })).toEqual([[], [], []]);
    expect(missing({ missing: 'nan' })).toEqual([['NaN'], [null], ['']]);
    expect(missing({ missing: { i: 7, t: '' } })).toEqual([[null], ['7'], ['']]);
  });

  test('the table is JSON', () => {
    const made = table([fp32('a', [-1])], ['a'], {
      card: { missing: 'nan' },
      gives: [fp32('u', undefined)],
    });
    expect(JSON.parse(JSON.stringify(made))).toEqual(made);
  });

  test('JSONL: members by name; a single input takes any', () => {
    const made = table([fp32('x', [-1, 3])], [], {
      format: 'jsonl',
      keep: ['id'],
      card: { label: 'y' },
    });
    expect(made).toMatchObject({ columns: [], keep: ['id'], besides: ['id', 'y'] });
    expect(made.inputs[0]).toMatchObject({ cells: ['x'], dimensions: [3] });
    const two = table([fp32('x', [-1]), fp32('z', [-1])], [], { format: 'jsonl' });
    expect(two.besides).toBeUndefined();
  });
});

describe('rows in a run', () => {
  test.each([
    ['many for small rows', [-1, 10], 8, 256],
    ['fewer for large ones', [-1, 784], 8, 83],
    ['never fewer than for requests', [-1, 65_536], 8, 8],
    ['one where neighbours matter', [-1, 10], 1, 1],
    ['one where there is no dimension for rows', [1, 10], 8, 1],
  ])('%s', (_what, shape, batchRows, expected) => {
    const columns = Array.from({ length: shape[1] as number }, (_, index) => `c${index}`);
    expect(table([fp32('x', shape)], columns, { batchRows }).runRows).toBe(expected);
  });
});

describe('columns of the output', () => {
  const names = (gives: Spec[], keep: string[] = []) =>
    outputColumns(table([fp32('a', [-1])], ['id', 'a', 'y', 'p_0', 'output.y'], { gives, keep }));

  test('one for [N] and [N,1], numbered ones beyond', () => {
    const gives = [fp32('y', [-1]), fp32('s', [-1, 1]), fp32('p', [-1, 3]), fp32('m', [-1, 2, 2])];
    expect(names(gives, ['id'])).toEqual([
      'id',
      'y',
      's',
      'p_0',
      'p_1',
      'p_2',
      'm_0',
      'm_1',
      'm_2',
      'm_3',
    ]);
  });

  test('a kept column’s name is left to it', () => {
    expect(names([fp32('y', [-1]), fp32('p', [-1, 2])], ['y', 'p_0'])).toEqual([
      'y',
      'p_0',
      'output.y',
      'output.p_0',
      'p_1',
    ]);
    expect(names([fp32('y', [-1])], ['y', 'output.y'])).toEqual([
      'y',
      'output.y',
      'output.output.y',
    ]);
  });

  test('what the signature leaves open, a trial tells', () => {
    const open = table([fp32('a', [-1])], ['a'], {
      gives: [fp32('p', [-1, -1]), fp32('u', undefined), fp32('y', [-1])],
    });
    expect(hasOpenOutputs(open)).toBe(true);
    const settled = settleOutputs(open, [[2], [], []]);
    expect(hasOpenOutputs(settled)).toBe(false);
    expect(outputColumns(settled)).toEqual(['p_0', 'p_1', 'u', 'y']);
  });
});

test('the header is CSV', () => {
  expect(csvHeader(['id', 'a;b', 'say "x"'], ';')).toBe('id;"a;b";"say ""x"""\n');
});
