import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { assessQuality } from '../shared/evaluation/assess-quality.ts';
import type { Measurements } from '../shared/evaluation/assessment.ts';
import { PROBES } from '../shared/evaluation/robustness.ts';
import type { Inspection } from '../shared/ports/inspection.ts';
import { UNTOLD } from '../shared/telemetry/operation.ts';
import { createMemoryApp, FINE, type MemoryApp, send } from '../test/memory-app.ts';
import { listVersionsFunction } from './list-versions.ts';
import { readVersionFunction } from './read-version.ts';
import { registerModelFunction } from './register-model.ts';
import { validateRegistrationFunction } from './validate-registration.ts';
import { versionReportFunction } from './version-report.ts';

let app: MemoryApp;
beforeEach(async () => {
  app = await createMemoryApp();
});
afterEach(() => app.close());

const ROWS = 200;
/** Classes that would end the page early, were they not escaped. */
const CLASSES = ['no', '<script>alert(1)</script>'];

/** What examining a model finds that has `right` of its rows, beside production that has 190. */
function found(right: number, more: Partial<Measurements> = {}): Inspection {
  if (!FINE.ok) throw new Error('FINE is not');
  const truth = Int32Array.from({ length: ROWS }, (_, row) => row % 2);
  const answers = (count: number) => ({
    labels: truth.map((label, row) => (row < count ? label : 1 - label)),
    scores: Float64Array.from({ length: ROWS * 2 }, (_, at) => (at % 2 === 0 ? 0.3 : 0.7)),
  });
  return {
    ...FINE,
    measurements: {
      quality: assessQuality({
        task: 'classification',
        classes: CLASSES,
        positive: 1,
        truth,
        version: answers(right),
        production: answers(190),
        slices: [
          { column: 'plan', values: Array.from(truth, (_, row) => (row % 4 ? 'big' : 'small')) },
        ],
        lines: Int32Array.from(truth, (_, row) => row + 2),
        seed: 1,
      }),
      evaluated: {
        inFile: 1000,
        asked: 201,
        unlabelled: 1,
        failed: 2,
        problems: [{ line: 7, why: 'column `a`: expected a number' }],
      },
      robustness: {
        probes: PROBES.map((probe) => ({ probe, outcome: 'answered' as const })),
        rows: {
          rows: 200,
          flipped: 1,
          noise: 0.01,
          asked: 200,
          nan: 0,
          flippedLines: [9],
          nanLines: [],
        },
      },
      cost: {
        bytes: 10_191,
        loadMs: 1.25,
        memoryBytes: 2_500_000,
        alone: { p50: 0.1, p95: 0.2, p99: 0.3 },
        batched: { rows: 8, p50: 0.4, p95: 0.5, p99: 0.6 },
      },
      ...more,
    },
  };
}

let registered = 0;
/** Registers and decides a version; answers its number. */
async function register(inspection: Inspection): Promise<string> {
  const form = new FormData();
  form.set('model', new Blob([`model ${(registered += 1)}`]), 'model.onnx');
  form.set('card', JSON.stringify({ budgets: { p95Ms: 10 } }));
  form.set('evaluation', new Blob(['a,label\n1,no\n']), 'evaluation.csv');
  const encoded = new Response(form);
  const answer = await send(app, registerModelFunction, {
    path: '/models/churn/versions',
    params: { model: 'churn' },
    headers: { 'content-type': encoded.headers.get('content-type') ?? '' },
    body: await encoded.arrayBuffer(),
  });
  app.inspection = inspection;
  const context = { invocationId: '', functionName: '', log() {}, warn() {}, error() {} };
  for (const message of app.messages.registrations.splice(0)) {
    await validateRegistrationFunction.handler(app, message, context, UNTOLD);
  }
  return answer.json()['version'] as string;
}

const of = (version: string, accept?: string) => ({
  path: `/models/churn/versions/${version}/report`,
  params: { model: 'churn', version },
  ...(accept !== undefined && { headers: { accept } }),
});

async function page(version: string): Promise<string> {
  const answer = await send(app, versionReportFunction, of(version, 'text/html'));
  expect(answer.status).toBe(200);
  expect(answer.headers?.['content-security-policy']).toMatch(/^default-src 'none'/);
  return answer.body as string;
}

const headings = (html: string) =>
  [...html.matchAll(/<h([23])>(.*?)<\/h\1>/g)].map(([, level, text]) => `${level} ${text}`);

describe('as JSON', () => {
  test('all figures, of the version and of what it was held against', async () => {
    await register(found(195));
    const version = await register(found(196));
    const report = (await send(app, versionReportFunction, of(version))).json();
    expect(report).toMatchObject({
      model: 'churn',
      version: '2',
      outcome: 'ready',
      evaluation: {
        digest: expect.stringMatching(/^[0-9a-f]{64}$/),
        inFile: 1000,
        asked: 201,
        failed: 2,
      },
      quality: {
        task: 'classification',
        rows: ROWS,
        figures: { accuracy: { value: 0.98 } },
        comparison: { production: { accuracy: { value: 0.95 } } },
      },
      robustness: { rows: { flipped: 1 } },
      cost: { alone: { p95: 0.2 } },
      compatibility: { version: '1', kind: 'same', changes: [] },
      gates: expect.arrayContaining([
        expect.objectContaining({ gate: 'p95Ms', result: 'passed', figure: 0.2, bound: 10 }),
      ]),
      // What stood there before.
      signature: { inputs: [{ name: 'x', datatype: 'FP32', shape: [-1, 4] }] },
      loadMs: 1,
      card: { budgets: { p95Ms: 10 } },
    });
    const read = (await send(app, readVersionFunction, of(version))).json();
    expect(read['report']).toEqual(report);
  });

  test('a list has the gates alone', async () => {
    await register(found(195));
    const answer = await send(app, listVersionsFunction, {
      path: '/models/churn/versions',
      params: { model: 'churn' },
    });
    const [{ report }] = answer.json()['versions'] as [{ report: Record<string, unknown> }];
    expect(report['gates']).toEqual(
      expect.arrayContaining([expect.objectContaining({ gate: 'minRows' })]),
    );
    expect(Object.keys(report)).not.toEqual(
      expect.arrayContaining([expect.stringMatching(/quality|cost|robustness|note/)]),
    );
  });

  test('a rejected version is 422 with its report', async () => {
    const version = await register(found(90));
    const form = new FormData();
    form.set('model', new Blob([`model ${registered}`]), 'model.onnx');
    form.set('card', JSON.stringify({ budgets: { p95Ms: 10 } }));
    form.set('evaluation', new Blob(['a,label\n1,no\n']), 'evaluation.csv');
    const encoded = new Response(form);
    const answer = await send(app, registerModelFunction, {
      path: '/models/churn/versions',
      params: { model: 'churn' },
      headers: { 'content-type': encoded.headers.get('content-type') ?? '' },
      body: await encoded.arrayBuffer(),
    });
    expect(answer.status).toBe(422);
    expect(answer.json()).toMatchObject({
      error: expect.stringMatching(/betterThanChance.*notWorse|notWorse.*betterThanChance/s),
      version,
      report: {
        outcome: 'rejected',
        quality: { figures: { accuracy: { value: 0.45 } } },
        gates: expect.arrayContaining([
          expect.objectContaining({
            gate: 'notWorse',
            result: 'failed',
            figure: expect.any(Number),
            bound: expect.any(Number),
            lines: expect.any(Array),
          }),
        ]),
      },
    });
  });

  test('where the figures are gone, what the verdict says is left', async () => {
    const version = await register(found(195));
    const fresh = await createMemoryApp();
    try {
      // Another instance, which has the file nowhere.
      const elsewhere = { ...fresh, registry: app.registry };
      const report = (await send(elsewhere, versionReportFunction, of(version))).json();
      expect(report).toMatchObject({
        outcome: 'ready',
        note: expect.stringMatching(/are gone/),
        gates: expect.arrayContaining([expect.objectContaining({ gate: 'minRows' })]),
      });
      expect(report).not.toHaveProperty('quality');
      const answer = await send(elsewhere, versionReportFunction, of(version, 'text/html'));
      expect(answer.body).toContain('are gone');
    } finally {
      await fresh.close();
    }
  });
});

describe('as a page', () => {
  test('the verdict first, then everything in its place', async () => {
    await register(found(195));
    const html = await page(await register(found(196)));
    expect(headings(html)).toEqual([
      '2 Gates',
      '2 Warnings',
      '2 Quality',
      '3 Beside production (version 1)',
      '3 Classes',
      '3 Confusion',
      '3 Folds',
      '3 By plan',
      '3 Rows to look at',
      '2 Robustness',
      '2 Cost',
      '2 Compatibility',
      '2 Inputs',
      '2 Outputs',
      '2 Times',
      '2 Graph',
      '2 File',
      '2 Card',
    ]);
    expect(html.indexOf('<strong>Ready.</strong>')).toBeLessThan(html.indexOf('<h2>Gates'));
    expect(html).toContain('201 of 1000 rows, evenly spaced, of its own evaluation file');
    expect(html).toContain('2 could not be answered and count as wrong.');
    expect(html).toMatch(/macro F1 is 0\.980, production’s 0\.950: .*\+0\.030/);
    expect(html).toMatch(/Only production is right on 0, only this version on 6/);
    expect(html).toContain('1 of 200 rows are answered with another class (0.5 %)');
  });

  test('a failed gate stands before those that passed, with the lines to look at', async () => {
    const html = await page(await register(found(90)));
    expect(html).toContain('class="verdict rejected"');
    const gates = [
      ...html.matchAll(/class="badge (failed|unknown|passed)">(?:failed|can’t tell|passed)</g),
    ];
    const results = gates.map(([, result]) => result);
    expect(results).toEqual([...results].sort((a, b) => order(a) - order(b)));
    expect(results[0]).toBe('failed');
    expect(html).toMatch(/Lines to look at: \d+, \d+/);
  });

  test('nothing is fetched, no script runs, and what others wrote is text', async () => {
    const html = await page(await register(found(195, { qualityProblem: '<img src=x>' })));
    expect(html).not.toMatch(/<script|<img|<link|<iframe|src=|href=|url\(|@import|\son\w+="/);
    expect(html).toContain('&lt;script&gt;alert(1)&lt;/script&gt;');
    expect(html).toContain('a warning &lt;of&gt; sorts');
  });

  test('every table and section that opens closes', async () => {
    const html = await page(await register(found(195)));
    for (const tag of [
      'section',
      'table',
      'tbody',
      'tr',
      'td',
      'div',
      'svg',
      'ul',
      'li',
      'p',
      'span',
    ]) {
      const opened = html.match(new RegExp(`<${tag}[ >]`, 'g'))?.length ?? 0;
      expect([tag, html.match(new RegExp(`</${tag}>`, 'g'))?.length ?? 0]).toEqual([tag, opened]);
    }
  });

  test('what was never measured has a short page', async () => {
    const html = await page(await register({ ok: false, reasons: ['not an ONNX model'] }));
    expect(headings(html)).toEqual(['2 Reasons', '2 File', '2 Card']);
    expect(html).toContain('not an ONNX model');
  });
});

function order(result: string | undefined): number {
  return ['failed', 'unknown', 'passed'].indexOf(result ?? '');
}
