import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  type Graph,
  graphAttribute,
  int64s,
  modelBytes,
  node,
  T,
  tensorValue,
} from '../../../test/model-maker.ts';
import type { Measurements } from '../../evaluation/assessment.ts';
import type { ProbeName } from '../../evaluation/robustness.ts';
import type { Inspection, InspectionSubject } from '../../ports/inspection.ts';
import type { Card } from '../../registry/card.ts';
import { createInspector } from './inspector.ts';

// The examining process as it is, on models that are good, bad and hostile.

const inspector = createInspector({
  examinerFile: join(process.env['PILOTLIGHT_TEST_DIST'] ?? '', 'examiner.mjs'),
  timeoutMs: 20_000,
  evaluationTimeoutMs: 60_000,
  memoryBytes: 1_000_000_000,
});
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'measuring-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

let files = 0;
async function file(content: Uint8Array | string): Promise<string> {
  const path = join(folder, `file-${(files += 1)}`);
  await writeFile(path, content);
  return path;
}

type Found = Extract<Inspection, { ok: true }> & { readonly measurements: Measurements };

/** Examines what must be servable. */
async function inspect(subject: InspectionSubject): Promise<Found> {
  const found = await inspector.inspect(subject);
  if (!found.ok || !found.measurements) throw new Error(JSON.stringify(found));
  return found as Found;
}

/** Examines a graph, with rows of CSV to ask where there are any. */
async function measure(graph: Graph, rows?: readonly string[], card: Card = {}): Promise<Found> {
  return await inspect({
    file: await file(modelBytes(graph)),
    card,
    ...(rows && { evaluation: await file(`${rows.join('\n')}\n`) }),
  });
}

function probe({ measurements }: Found, name: ProbeName) {
  return measurements.robustness.probes.find((each) => each.probe === name);
}

const FLOATS = tensorValue('x', T.FLOAT, ['n', 2]);
/** Answers its input: [N,2], so that a row's class is where it is larger. */
const ECHO: Graph = {
  input: [FLOATS],
  output: [tensorValue('scores', T.FLOAT, ['n', 2])],
  node: [node('Identity', ['x'], ['scores'])],
};
/** Integers in, integers out: x ÷ y. The least by −1 overflows, which stops the process (SIGFPE). */
const DIVISION: Graph = {
  input: [tensorValue('x', T.INT64, ['n']), tensorValue('y', T.INT64, ['n'])],
  output: [tensorValue('label', T.INT64, ['n'])],
  node: [node('Div', ['x', 'y'], ['label'])],
};
/** Counts up to as many as it is told. */
const COUNTING: Graph = {
  input: [tensorValue('x', T.INT64, [1])],
  output: [tensorValue('y', T.INT64, [1])],
  initializer: [
    { name: 'go', dataType: T.BOOL, dims: [], int32Data: [1] },
    int64s('start', [1], [0]),
    int64s('none', [0], []),
  ],
  node: [
    node('Reshape', ['x', 'none'], ['most']),
    node('Loop', ['most', 'go', 'start'], ['y'], {
      attribute: [
        graphAttribute('body', {
          input: [
            tensorValue('i', T.INT64, []),
            tensorValue('c', T.BOOL, []),
            tensorValue('v', T.INT64),
          ],
          output: [tensorValue('d', T.BOOL, []), tensorValue('w', T.INT64)],
          node: [node('Identity', ['c'], ['d']), node('Add', ['v', 'i'], ['w'])],
        }),
      ],
    }),
  ],
};

/** `count` rows of two numbers, the label where the larger one is; every `flip`th is wrong. */
function labelledRows(count: number, flip = Number.POSITIVE_INFINITY): string[] {
  const rows = Array.from({ length: count }, (_, row) => {
    const isOne = row % 2 === 1;
    const label = (row + 1) % flip === 0 ? !isOne : isOne;
    return `${isOne ? 1 : 9 + row / 100},${isOne ? 5 + row / 100 : 2},${label ? 1 : 0}`;
  });
  return ['a,b,label', ...rows];
}

describe('without an evaluation file', () => {
  test('cost is measured and hostile input tried', async () => {
    const found = await inspect({ file: 'models/digits/model.onnx', card: {} });
    const { cost, robustness, ...rest } = found.measurements;
    expect(rest).toEqual({});
    expect(cost.bytes).toBe(10_191);
    expect(cost.loadMs).toBeLessThanOrEqual(found.loadMs);
    expect(cost.alone?.p95).toBeGreaterThanOrEqual(cost.alone?.p50 ?? Infinity);
    expect(cost.batched?.rows).toBeGreaterThan(1);
    expect(robustness.rows).toBeUndefined();
    expect(robustness.probes.map((each) => [each.probe, each.outcome])).toEqual([
      ['evaluation rows', 'notTried'],
      ['small noise', 'notTried'],
      ['missing input', 'refused'],
      ['wrong shape', 'refused'],
      ['empty batch', 'answered'],
      ['far outside', 'notTried'],
      ['nan', 'answered'],
      ['infinity', 'answered'],
      ['long strings', 'notTried'],
      ['extremes', 'answered'],
    ]);
  });

  test('a model that can’t run on made-up input is not blamed for it', async () => {
    const found = await measure({
      input: [tensorValue('x', T.FLOAT, [2, 3]), tensorValue('to', T.INT64, [1])],
      output: [tensorValue('y', T.FLOAT)],
      node: [node('Reshape', ['x', 'to'], ['y'])],
    });
    expect(found.measurements.cost).not.toHaveProperty('alone');
    expect(probe(found, 'extremes')).toEqual({
      probe: 'extremes',
      outcome: 'notTried',
      why: 'no input is known that it answers',
    });
  });

  test('a crash leaves what was found before it', async () => {
    const found = await measure(DIVISION);
    expect(found.ok).toBe(true);
    expect(probe(found, 'extremes')).toEqual({
      probe: 'extremes',
      outcome: 'crashed',
      why: expect.stringMatching(/\(SIGFPE\) while `extremes` was tried/),
    });
    expect(probe(found, 'empty batch')?.outcome).toBe('answered');
    expect(found.measurements.cost.alone).toBeDefined();
    expect(found.warnings).toEqual([expect.stringMatching(/at the probe `extremes`/)]);
  });

  test('what never ends is stopped', async () => {
    const brief = createInspector({
      examinerFile: join(process.env['PILOTLIGHT_TEST_DIST'] ?? '', 'examiner.mjs'),
      // The whole examination before it has this time too.
      timeoutMs: 8_000,
      evaluationTimeoutMs: 8_000,
      memoryBytes: 1_000_000_000,
    });
    const counting = { file: await file(modelBytes(COUNTING)), card: {} };
    const found = (await brief.inspect(counting)) as Found;
    expect(found.ok).toBe(true);
    expect(probe(found, 'extremes')).toMatchObject({
      outcome: 'crashed',
      why: expect.stringMatching(/took more than 8000 ms while `extremes` was tried/),
    });
  });
});

describe('on an evaluation file', () => {
  test('the figures of a sample are those it was measured with', async () => {
    const found = await inspect({
      file: 'models/breast-cancer/model.onnx',
      card: { label: 'label', labels: ['malignant', 'benign'], positive: 'malignant' },
      evaluation: 'models/breast-cancer/evaluation.csv',
    });
    const { quality, evaluated, robustness } = found.measurements;
    expect(evaluated).toEqual({ inFile: 171, asked: 171, unlabelled: 0, failed: 0, problems: [] });
    expect(quality).toMatchObject({
      task: 'classification',
      rows: 171,
      positive: 'malignant',
      figures: { accuracy: { value: 164 / 171 } },
    });
    expect(robustness.rows).toMatchObject({ rows: 171, nan: 0, noise: 0.01 });
  });

  test('production is asked the same rows, as its own card and signature say', async () => {
    const better = modelBytes(ECHO);
    // Production's classes are the other way round, so that it is always wrong.
    const worse = modelBytes({ ...ECHO, node: [node('Neg', ['x'], ['scores'])] });
    const signature = {
      inputs: [{ name: 'x', datatype: 'FP32', shape: [-1, 2] }],
      outputs: [{ name: 'scores', datatype: 'FP32', shape: [-1, 2] }],
    } as const;
    const found = await inspect({
      file: await file(better),
      card: {},
      evaluation: await file(labelledRows(120, 10).join('\n')),
      production: { file: await file(worse), signature, card: {}, batchRows: 1 },
    });
    expect(found.measurements.quality).toMatchObject({
      figures: { accuracy: { value: 108 / 120 } },
      comparison: {
        rows: 120,
        production: { accuracy: { value: 12 / 120 } },
        mcnemar: { onlyProductionRight: 12, onlyVersionRight: 108 },
        changed: 120,
      },
    });
  });

  test('production that can’t be asked, or crashes, costs the comparison alone', async () => {
    const evaluation = await file(
      [
        'x,y,label',
        ...Array.from({ length: 120 }, (_, row) =>
          row === 77 ? '-9223372036854775808,-1,0' : `${row},${(row % 7) + 1},0`,
        ),
      ].join('\n'),
    );
    const sum: Graph = { ...DIVISION, node: [node('Add', ['x', 'y'], ['label'])] };
    const version = { file: await file(modelBytes(sum)), card: {}, evaluation };
    const signature = {
      inputs: [
        { name: 'x', datatype: 'INT64', shape: [-1] },
        { name: 'y', datatype: 'INT64', shape: [-1] },
      ],
      outputs: [{ name: 'label', datatype: 'INT64', shape: [-1] }],
    } as const;
    const beside = { signature, card: {}, batchRows: 1 };
    const dividing = { ...beside, file: await file(modelBytes(DIVISION)) };
    const crashed = await inspect({ ...version, production: dividing });
    expect(crashed.warnings).toEqual([
      expect.stringMatching(/no comparison with production.*SIGFPE.*while production answered/),
    ]);
    expect(crashed.measurements.quality).toMatchObject({ rows: 120 });
    expect(crashed.measurements.quality?.comparison).toBeUndefined();
    expect(probe(crashed, 'extremes')?.outcome).toBe('answered');

    const broken = { ...beside, file: await file('no model') };
    const unasked = await inspect({ ...version, production: broken });
    expect(unasked.warnings).toEqual([expect.stringMatching(/production could not be asked/)]);
    expect(unasked.measurements.quality?.comparison).toBeUndefined();
  });

  test('rows that can’t be read or run count as wrong, those without a label not at all', async () => {
    const rows = labelledRows(120);
    rows[1] = 'ten,2,0';
    rows[2] = '1,5,';
    rows[3] = '9,2,7';
    const found = await measure(ECHO, rows, { labels: ['left', 'right'] });
    const { evaluated, quality } = found.measurements;
    expect(evaluated).toMatchObject({ inFile: 120, asked: 120, unlabelled: 2, failed: 1 });
    expect(evaluated?.problems).toEqual([
      { line: 2, why: expect.stringMatching(/column `a`: expected a number/) },
      { line: 3, why: expect.stringMatching(/column `label`: expected .*card.*, got ""/) },
      { line: 4, why: expect.stringMatching(/got "7"/) },
    ]);
    expect(quality).toMatchObject({ rows: 118, figures: { accuracy: { value: 117 / 118 } } });
  });

  test.each<[string, readonly string[], Card, RegExp]>([
    ['no label column', ['a,b', '1,2'], {}, /has no column `label`/],
    ['not the card’s label column', ['a,b,label', '1,2,0'], { label: 'is' }, /has no column `is`/],
    ['too few columns', ['a,label', '1,0'], {}, /the evaluation file: input `x`/],
    ['no row at all', ['a,b,label'], {}, /no row of column `label`/],
    [
      'words where the answer is a number',
      ['a,b,label', '1,2,far'],
      { task: 'regression' },
      /number/,
    ],
  ])('%s is a problem of the file, told and no crash', async (_, rows, card, why) => {
    const found = await measure(ECHO, rows, card);
    expect(found.measurements.qualityProblem).toMatch(why);
    expect(found.measurements.quality).toBeUndefined();
    expect(probe(found, 'extremes')?.outcome).toBe('answered');
  });

  test('a file that is no text', async () => {
    const found = await inspect({
      file: await file(modelBytes(ECHO)),
      card: {},
      evaluation: await file(Uint8Array.of(97, 0, 98, 10, 49, 10)),
    });
    expect(found.measurements.qualityProblem).toMatch(/expected text in UTF-8, got a byte 0/);
  });

  test('a regression: figures, and NaN for finite input is seen', async () => {
    const rows = [
      'a,b,label',
      ...Array.from({ length: 100 }, (_, row) => `${row - 2},1,${Math.sqrt(Math.max(0, row - 2))}`),
    ];
    const root: Graph = {
      input: [FLOATS],
      output: [tensorValue('value', T.FLOAT, ['n', 1])],
      initializer: [int64s('first', [1], [0])],
      node: [
        node('Sqrt', ['x'], ['roots']),
        node('Gather', ['roots', 'first'], ['value'], {
          attribute: [{ name: 'axis', type: 2, i: 1n }],
        }),
      ],
    };
    const found = await measure(root, rows, { task: 'regression' });
    const { quality, robustness } = found.measurements;
    expect(quality).toMatchObject({ task: 'regression', rows: 98, notNumbers: 2 });
    expect(quality?.task === 'regression' && quality.figures.rmse.value).toBeLessThan(1e-6);
    // The square root of −2 and −1; noise moves 0 below zero, half of the time.
    expect(robustness.rows?.nanLines.slice(0, 2)).toEqual([2, 3]);
    expect(robustness.rows?.nan).toBeGreaterThanOrEqual(2);
    expect(probe(found, 'far outside')).toMatchObject({
      outcome: 'answered',
      why: expect.stringMatching(/NaN in `value`, though all it was asked is finite/),
    });
  });

  test('answers that hang by a hair flip under small noise, and their lines are named', async () => {
    const rows = [
      'a,b,label',
      ...Array.from({ length: 200 }, (_, row) => (row < 10 ? '5,5.000001,1' : `${row},0,0`)),
    ];
    const { rows: tried } = (await measure(ECHO, rows)).measurements.robustness;
    expect(tried?.rows).toBe(200);
    expect(tried?.flipped).toBeGreaterThanOrEqual(1);
    expect(tried?.flippedLines.every((line) => line >= 2 && line <= 11)).toBe(true);
  });

  test('a crash on its rows is told, and whose row it was not', async () => {
    const rows = [
      'x,y,label',
      ...Array.from({ length: 120 }, (_, row) =>
        row === 77 ? '-9223372036854775808,-1,0' : `${row},${(row % 7) + 1},0`,
      ),
    ];
    const found = await measure(DIVISION, rows);
    expect(probe(found, 'evaluation rows')).toMatchObject({
      outcome: 'crashed',
      why: expect.stringMatching(/SIGFPE/),
    });
    expect(found.measurements.qualityProblem).toMatch(/^no figures: it crashed/);
    expect(probe(found, 'extremes')).toMatchObject({ outcome: 'notTried' });
  });
});
