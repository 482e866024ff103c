import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  float32s,
  type Graph,
  modelBytes,
  node,
  PLAIN,
  T,
  tensorValue,
} from '../../../test/model-maker.ts';
import { rowTable, type TableSource } from '../../batch/columns.ts';
import { outputColumns } from '../../batch/output-columns.ts';
import type { RowTable } from '../../batch/row-table.ts';
import type { Digest, ModelName, Version } from '../../ids.ts';
import type { ScoreAnswer, ServableModel } from '../../ports/engine.ts';
import type { Signature } from '../../protocol/tensor.ts';
import { ThreadedEngine } from './engine.ts';
import { createInspector } from './inspector.ts';

const DIST = process.env['PILOTLIGHT_TEST_DIST'] ?? 'dist';
function start(maxRunMs: number): ThreadedEngine {
  return new ThreadedEngine({
    workerFile: pathToFileURL(join(DIST, 'worker.cjs')),
    threads: 1,
    modelCacheBytes: 100_000_000,
    maxQueuedRequests: 1_000,
    maxQueuedBytes: 100_000_000,
    maxBodyBytes: 10_000_000,
    maxRunMs,
    maxInlineRunMs: 0,
  });
}
const engine = start(60_000);
const inspector = createInspector({
  examinerFile: join(DIST, 'examiner.mjs'),
  timeoutMs: 60_000,
  evaluationTimeoutMs: 60_000,
  memoryBytes: 1_500_000_000,
});
let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'row-scorer-'));
});
afterAll(async () => {
  await engine.close();
  await rm(folder, { recursive: true });
});

function servable(name: string, path: string, signature: Signature): ServableModel {
  return {
    key: name,
    model: name as ModelName,
    version: 1 as Version,
    digest: name as Digest,
    bytes: 100_000,
    signature,
    batchRows: 8,
    inlineable: false,
    preload: false,
    open: () =>
      Promise.resolve({
        path,
        stream: () => Promise.reject(new Error('not streamed here')),
        release: () => undefined,
      }),
  };
}

async function sample(name: string): Promise<ServableModel> {
  const path = `models/${name}/model.onnx`;
  const inspection = await inspector.inspect({ file: path, card: {} });
  if (!inspection.ok) throw new Error(inspection.reasons.join('; '));
  return servable(name, path, inspection.signature);
}

async function made(name: string, graph: Graph, signature: Signature): Promise<ServableModel> {
  const path = join(folder, `${name}.onnx`);
  await writeFile(path, modelBytes(graph));
  return servable(name, path, signature);
}

type Asked = Partial<TableSource['request'] & Pick<TableSource, 'card' | 'batchRows'>>;

function tableOf(model: ServableModel, columns: string[], asked: Asked = {}): RowTable {
  const { card = {}, batchRows = model.batchRows, ...request } = asked;
  return rowTable({
    signature: model.signature,
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

async function score(model: ServableModel, table: RowTable, text: string | Uint8Array) {
  const rows = Uint8Array.from(Buffer.from(text));
  const answer = await engine.score(model, { rows, table, deadline: Date.now() + 60_000 });
  return { ...answer, text: Buffer.from(answer.output).toString() };
}
const reasons = ({ failures }: ScoreAnswer) => failures.map(({ line, reason }) => [line, reason]);

/** One row's outputs, asked for as a request is: `values` is by input, as JSON. */
async function infer(model: ServableModel, values: readonly string[]): Promise<unknown[]> {
  const inputs = model.signature.inputs.map(({ name, datatype, shape }, index) => {
    const dims = shape?.map((dimension) => (dimension === -1 ? 1 : dimension)) ?? [1];
    return `{"name":"${name}","datatype":"${datatype}","shape":[${dims.join(',')}],"data":[${values[index] ?? ''}]}`;
  });
  const answer = await engine.infer(model, {
    body: Uint8Array.from(Buffer.from(`{"inputs":[${inputs.join(',')}]}`)),
    headerLength: undefined,
    contentEncoding: undefined,
    acceptEncoding: undefined,
    deadline: Date.now() + 60_000,
    priority: 0,
  });
  const { outputs } = JSON.parse(Buffer.from(answer.body).toString()) as {
    outputs: { data: unknown[] }[];
  };
  return outputs.flatMap(({ data }) => data);
}

const fp32 = (name: string, ...shape: number[]) => ({ name, datatype: 'FP32' as const, shape });
const plain: Signature = { inputs: [fp32('x', -1, 2)], outputs: [fp32('y', -1, 2)] };

describe('the sample models', () => {
  test.each(['digits', 'breast-cancer', 'churn'])(
    '%s: scored rows are as inferred one by one',
    async (name) => {
      const model = await sample(name);
      const text = await readFile(`models/${name}/evaluation.csv`, 'utf8');
      const [header = '', ...lines] = text.trimEnd().split('\n');
      const columns = header.split(',');
      const table = tableOf(model, columns, { keep: ['label'], card: { label: 'label' } });
      const csv = await score(model, table, `${lines.join('\n')}\n`);
      expect([csv.scored, csv.lines, csv.failures]).toEqual([lines.length, lines.length, []]);
      const rows = csv.text
        .trimEnd()
        .split('\n')
        .map((line) => line.split(','));
      expect(rows.map(([label]) => label)).toEqual(lines.map((line) => line.split(',').at(-1)));
      expect(new Set(rows.map(({ length }) => length))).toEqual(
        new Set([outputColumns(table).length]),
      );

      const records = lines.map((line) => {
        const cells = line.split(',');
        const members = table.inputs.map((input) => {
          const values = (input.cells as number[]).map((cell) =>
            input.datatype === 'BYTES' ? JSON.stringify(cells[cell]) : (cells[cell] ?? ''),
          );
          return { name: input.name, values: values.join(',') };
        });
        return { members, label: cells.at(-1) ?? '' };
      });
      const jsonl = await score(
        model,
        tableOf(model, [], { format: 'jsonl', keep: ['label'] }),
        records
          .map(({ members, label }) => {
            const inputs = members.map((each) => `"${each.name}":[${each.values}],`);
            return `{${inputs.join('')}"label":${label}}`;
          })
          .join('\n'),
      );
      expect([jsonl.scored, jsonl.failures]).toEqual([lines.length, []]);
      for (const [index, line] of jsonl.text.trimEnd().split('\n').entries()) {
        expect(Object.values(JSON.parse(line) as object).flat()).toEqual(rows[index]?.map(Number));
      }
      for (let index = 0; index < lines.length; index += 9) {
        const alone = await infer(model, records[index]?.members.map(({ values }) => values) ?? []);
        for (const [place, value] of alone.entries()) {
          expect(Number(rows[index]?.[place + 1])).toBeCloseTo(Number(value), 5);
        }
      }
    },
  );
});

describe('rows that can’t be scored', () => {
  test('fail alone, each with its line, its text and its reason', async () => {
    const model = await made('plain', PLAIN, plain);
    const table = tableOf(model, ['id', 'a', 'b'], { keep: ['id'] });
    const text = '\ufeff1,1,2\r\n2,x,2\n3,3\n\n4,,4\n5,"5",6\n6,1e99,0\n"7,7,7\n8,8,9';
    const answer = await score(model, table, text);
    expect(answer.text).toBe('1,1,2\n5,5,6\n8,8,9\n');
    expect(reasons(answer)).toEqual([
      [1, 'column `a`: expected a number within FP32, got "x"'],
      [2, 'expected 3 cells, got 2'],
      [4, 'column `a`: expected a number within FP32, got nothing'],
      [6, 'column `a`: expected a number within FP32, got "1e99"'],
      [7, 'a quoted cell is not closed'],
    ]);
    expect(answer.failures.map(({ row }) => row)).toEqual([
      '2,x,2',
      '3,3',
      '4,,4',
      '6,1e99,0',
      '"7,7,7',
    ]);
    expect([answer.scored, answer.lines]).toEqual([3, 9]);
  });

  test('empty cells count as the card says', async () => {
    const model = await made('plain', PLAIN, plain);
    const nan = await score(
      model,
      tableOf(model, ['a', 'b'], { card: { missing: 'nan' } }),
      ',2\n1,\n',
    );
    expect(nan.text).toBe('NaN,2\n1,NaN\n');
    const zero = await score(
      model,
      tableOf(model, ['a', 'b'], { card: { missing: { a: 0.5 } } }),
      ',2\n1,\n',
    );
    expect([zero.text, reasons(zero)]).toEqual([
      '0.5,2\n',
      [[1, 'column `b`: expected a number within FP32, got nothing']],
    ]);
  });

  test('one that the model fails on spoils no other of its run', async () => {
    const gather: Graph = {
      input: [tensorValue('x', T.INT64, ['n'])],
      output: [tensorValue('y', T.FLOAT, ['n'])],
      initializer: [float32s('table', [3], [10, 20, 30])],
      node: [node('Gather', ['table', 'x'], ['y'])],
    };
    const model = await made('gather', gather, {
      inputs: [{ name: 'x', datatype: 'INT64', shape: [-1] }],
      outputs: [fp32('y', -1)],
    });
    const answer = await score(
      model,
      tableOf(model, ['x'], { keep: ['x'] }),
      '0\n1\n7\n2\nx\n-9\n0\n',
    );
    expect(answer.text).toBe('0,10\n1,20\n2,30\n0,10\n');
    expect(reasons(answer)).toEqual([
      [2, expect.stringMatching(/can't run on this input.*out of data bounds/)],
      [4, expect.stringMatching(/expected an integer/)],
      [5, expect.stringMatching(/can't run on this input.*out of data bounds/)],
    ]);
  });

  test('property: whatever the bad ones are, the good ones come out in order, each once', async () => {
    const model = await made('plain', PLAIN, plain);
    const csvTable = tableOf(model, ['id', 'a', 'b'], { keep: ['id'] });
    const jsonTable = tableOf(model, [], { format: 'jsonl', keep: ['id'] });
    const kinds = fc.array(fc.constantFrom('good', 'ragged', 'wrong', 'quoted', 'blank'), {
      maxLength: 40,
    });
    await fc.assert(
      fc.asyncProperty(kinds, fc.integer({ min: 1, max: 9 }), async (rows, runRows) => {
        const csv = rows.map((kind, id) => {
          if (kind === 'blank') return '';
          return kind === 'ragged'
            ? `${id},1`
            : kind === 'wrong'
              ? `${id},1,x`
              : kind === 'quoted'
                ? `"${id}","1",2`
                : `${id},1,2`;
        });
        const json = rows.map((kind, id) => {
          if (kind === 'blank') return '  ';
          return kind === 'ragged'
            ? `{"x":[1],"id":${id}}`
            : kind === 'wrong'
              ? `{"id":${id},`
              : `{"id":${id},"x":[1,2]}`;
        });
        const isGood = (kind: string) => kind === 'good' || kind === 'quoted';
        const good = [...rows.keys()].filter((id) => isGood(rows[id] ?? ''));
        const bad = [...rows.keys()].filter((id) => rows[id] === 'ragged' || rows[id] === 'wrong');
        const fromCsv = await score(
          model,
          { ...csvTable, runRows },
          csv.map((line) => `${line}\n`).join(''),
        );
        expect(fromCsv.text).toBe(good.map((id) => `${id},1,2\n`).join(''));
        const fromJson = await score(
          model,
          { ...jsonTable, runRows },
          json.map((line) => `${line}\n`).join(''),
        );
        expect(fromJson.text).toBe(good.map((id) => `{"id":${id},"y":[1,2]}\n`).join(''));
        for (const { failures, scored, lines } of [fromCsv, fromJson]) {
          expect(failures.map(({ line }) => line)).toEqual(bad);
          expect([scored, lines]).toEqual([good.length, rows.length]);
        }
      }),
      { numRuns: 100 },
    );
  });
});

describe('what comes out', () => {
  const types = [
    ['f', T.FLOAT, 'FP32'],
    ['d', T.DOUBLE, 'FP64'],
    ['h', T.FLOAT16, 'FP16'],
    ['i', T.INT64, 'INT64'],
    ['u', T.UINT64, 'UINT64'],
    ['b', T.BOOL, 'BOOL'],
    ['s', T.STRING, 'BYTES'],
  ] as const;
  const signature: Signature = {
    inputs: types.map(([name, , datatype]) => ({ name, datatype, shape: [-1] })),
    outputs: types.map(([name, , datatype]) => ({ name: `${name}2`, datatype, shape: [-1] })),
  };
  const identity: Graph = {
    input: types.map(([name, type]) => tensorValue(name, type, ['n'])),
    output: types.map(([name, type]) => tensorValue(`${name}2`, type, ['n'])),
    node: types.map(([name]) => node('Identity', [name], [`${name}2`])),
  };
  const columns = types.map(([name]) => name);

  test('CSV: shortest numbers, exact integers, plain specials, quotes where needed', async () => {
    const model = await made('identity', identity, signature);
    const text =
      '0.10,0.1,0.1,9007199254740993,18446744073709551615,TRUE,"a,""b"""\n' +
      'nan,-inf,Infinity,-9223372036854775808,0,0,ö\n' +
      '-0,1e-7,-65504,1,2,1," "\n';
    const answer = await score(model, tableOf(model, columns, { keep: ['s', 'f'] }), text);
    expect(answer.failures).toEqual([]);
    expect(answer.text).toBe(
      '"a,""b""",0.10,0.1,0.1,0.1,9007199254740993,18446744073709551615,true,"a,""b"""\n' +
        'ö,nan,NaN,-Infinity,Infinity,-9223372036854775808,0,false,ö\n' +
        ' ,-0,-0,1e-7,-65500,1,2,true, \n',
    );
  });

  test('JSONL: values, specials as strings, kept members as they came', async () => {
    const model = await made('identity', identity, signature);
    const text =
      '{"f":0.10,"d":0.1,"h":0.1,"i":9007199254740993,"u":18446744073709551615,"b":true,"s":"a\\"\\u00f6"}\n' +
      '{"f":"NaN","d":"-Infinity","h":"Infinity","i":-1,"u":0,"b":false,"s":""}\n';
    const answer = await score(
      model,
      tableOf(model, [], { format: 'jsonl', keep: ['s', 'f'] }),
      text,
    );
    expect(answer.failures).toEqual([]);
    expect(answer.text).toBe(
      '{"s":"a\\"\\u00f6","f":0.10,"f2":0.1,"d2":0.1,"h2":0.1,"i2":9007199254740993,"u2":18446744073709551615,"b2":true,"s2":"a\\"ö"}\n' +
        '{"s":"","f":"NaN","f2":"NaN","d2":"-Infinity","h2":"Infinity","i2":-1,"u2":0,"b2":false,"s2":""}\n',
    );
  });

  test('an empty text stands where the card says that it may', async () => {
    const model = await made('identity', identity, signature);
    const table = tableOf(model, columns, { card: { missing: 'nan' }, outputs: ['s2', 'f2'] });
    // One row a run: each takes the place of the one before.
    const answer = await score(model, { ...table, runRows: 1 }, '1,1,1,1,1,1,x\n,1,1,1,1,1,\n');
    expect([answer.text, answer.failures]).toEqual(['x,1\n,NaN\n', []]);
  });

  test('an output that the signature leaves open: the first run tells, and later ones must agree', async () => {
    const open: Signature = { ...plain, outputs: [fp32('y', -1, -1)] };
    const model = await made('plain-open', PLAIN, open);
    const table = tableOf(model, ['a', 'b']);
    expect((await score(model, table, '1,2\n')).outputDimensions).toEqual([[2]]);
    expect((await score(model, table, 'x,2\n')).outputDimensions).toEqual([]);
    const three = { ...table, outputs: [{ name: 'y', as: 'y', dimensions: [3] }] };
    expect(reasons(await score(model, three, '1,2\n'))).toEqual([
      [0, 'output `y`: expected 3 values, as the header has columns, got 2'],
    ]);
  });

  test('a model without a dimension for rows runs row by row', async () => {
    const fixed: Graph = {
      ...PLAIN,
      input: [tensorValue('x', T.FLOAT, [1, 2])],
      output: [tensorValue('y', T.FLOAT, [1, 2])],
    };
    const model = await made('fixed', fixed, {
      inputs: [fp32('x', 1, 2)],
      outputs: [fp32('y', 1, 2)],
    });
    const answer = await score(model, tableOf(model, ['a', 'b']), '1,2\n3,4\n');
    expect(answer.text).toBe('1,2\n3,4\n');
  });
});

describe('in the queue', () => {
  test('rows wait for every request, and are given up at their deadline', async () => {
    const model = await made('queued', PLAIN, plain);
    const table = tableOf(model, ['a', 'b']);
    const order: string[] = [];
    const note = (what: string) => () => {
      order.push(what);
    };
    await Promise.all([
      score(model, table, '1,2\n').then(note('score')),
      infer(model, ['1,2']).then(note('infer')),
      infer(model, ['3,4']).then(note('infer')),
    ]);
    expect(order).toEqual(['infer', 'infer', 'score']);
    const late = engine.score(model, {
      rows: Uint8Array.from(Buffer.from('1,2\n')),
      table,
      deadline: 0,
    });
    await expect(late).rejects.toMatchObject({ failure: { kind: 'deadlinePassed' } });
  });

  test('a piece that takes too long ends between two runs, before its thread counts as stuck', async () => {
    const model = await made('queued', PLAIN, plain);
    // A thread of a busy machine may well begin to load a fifth of a second late.
    const hasty = start(2_000);
    const table = { ...tableOf(model, ['a', 'b']), runRows: 1 };
    const rows = Uint8Array.from(Buffer.from('1,2\n'.repeat(400_000)));
    const long = hasty.score(model, { rows, table, deadline: Date.now() + 60_000 });
    await expect(long).rejects.toMatchObject({ failure: { kind: 'deadlinePassed' } });
    const few = {
      rows: Uint8Array.from(Buffer.from('5,6\n')),
      table,
      deadline: Date.now() + 60_000,
    };
    const { output } = await hasty.score(model, few);
    expect(Buffer.from(output).toString()).toBe('5,6\n');
    expect(hasty.ailments()).toEqual([]);
    await hasty.close();
  });
});
