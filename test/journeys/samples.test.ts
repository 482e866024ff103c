import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { parse } from 'csv-parse/sync';
import { type AnswerTensor, infer, output } from './client.ts';
import { discard, type RunningHost, startHost } from './running-host.ts';

// The main job as a stranger meets it: start, read what it prints, paste it, get real answers.

const SAMPLES = ['breast-cancer', 'churn', 'digits', 'fashion'];
const BATCH = 50;

let host: RunningHost;
beforeAll(async () => {
  host = await startHost({ args: ['--port', '0'] });
  for (const name of SAMPLES) await host.line(new RegExp(`curl .*/v2/models/${name}/`));
});
afterAll(async () => {
  await discard(host);
});

type Row = Record<string, string>;

async function rows(file: string): Promise<Row[]> {
  return parse<Row>(await readFile(file), { columns: true });
}

/** Sends rows in batches and gathers one output's data. */
async function gather(
  model: string,
  all: readonly Row[],
  request: (batch: readonly Row[]) => object[],
  wanted: string,
): Promise<number[]> {
  const data: number[] = [];
  for (let at = 0; at < all.length; at += BATCH) {
    const answer = await infer(host.url, model, { inputs: request(all.slice(at, at + BATCH)) });
    const tensor: AnswerTensor = output(answer, wanted);
    data.push(...tensor.data);
  }
  return data;
}

function features(row: Row): number[] {
  return Object.entries(row)
    .filter(([column]) => column !== 'label')
    .map(([, value]) => Number(value));
}

function accuracy(labels: readonly number[], all: readonly Row[]): number {
  const right = labels.filter((label, index) => label === Number(all[index]?.['label']));
  expect(labels).toHaveLength(all.length);
  return right.length / all.length;
}

describe('what the host prints on its first start', () => {
  test.each(SAMPLES)('the curl for %s works when pasted', async (name) => {
    const line = await host.line(new RegExp(`curl .*/v2/models/${name}/`));
    const command = line.slice(line.indexOf('curl'));
    const { stdout } = await promisify(execFile)('bash', ['-c', command]);
    expect(JSON.parse(stdout)).toMatchObject({ model_name: name, model_version: '1' });
  });

  test('the samples are registered once, however often it starts', async () => {
    const before = await fetch(`${host.url}/models`).then((response) => response.json());
    expect(before).toMatchObject({ models: SAMPLES.map((name) => ({ name })) });
  });
});

/** What the readiness report says of a sample's first version. */
async function reportedAccuracy(model: string): Promise<unknown> {
  const response = await fetch(`${host.url}/models/${model}/versions/1/report`);
  const report = (await response.json()) as {
    outcome: string;
    quality?: { figures: { accuracy: { value: number } } };
  };
  expect(report.outcome).toBe('ready');
  return report.quality?.figures.accuracy.value;
}

// The held-out results are models/README.md's, measured on the runtime alone.
describe('held-out results over HTTP', () => {
  test('digits INT8: 98.0 % of 450', async () => {
    const all = await rows('models/digits/evaluation.csv');
    const labels = await gather(
      'digits',
      all,
      (batch) => [
        {
          name: 'image',
          datatype: 'FP32',
          shape: [batch.length, 1, 8, 8],
          data: batch.map(features).flat(),
        },
      ],
      'label',
    );
    expect(all).toHaveLength(450);
    expect(accuracy(labels, all)).toBeCloseTo(0.98, 4);
    expect(await reportedAccuracy('digits')).toBe(accuracy(labels, all));
  });

  test('breast cancer INT8: 95.91 % of 171', async () => {
    const all = await rows('models/breast-cancer/evaluation.csv');
    const labels = await gather(
      'breast-cancer',
      all,
      (batch) => [
        { name: 'input', datatype: 'FP32', shape: [batch.length, 30], data: batch.map(features) },
      ],
      'label',
    );
    expect(all).toHaveLength(171);
    expect(accuracy(labels, all)).toBeCloseTo(164 / 171, 4);
    expect(await reportedAccuracy('breast-cancer')).toBe(accuracy(labels, all));
  });

  test('churn: scikit-learn’s own probabilities to 1e-5, and 94.73 % of 1500', async () => {
    const all = await rows('test/fixtures/churn-test.csv');
    const columns = Object.keys(all[0] ?? {}).filter((column) => column !== 'label');
    const text = new Set(['state', 'area_code', 'international_plan', 'voice_mail_plan']);
    const request = (batch: readonly Row[]) =>
      columns.map((column) => ({
        name: column,
        datatype: text.has(column) ? 'BYTES' : 'FP32',
        shape: [batch.length, 1],
        data: batch.map((row) => (text.has(column) ? row[column] : Number(row[column]))),
      }));
    const expected = (await readFile('test/fixtures/churn-expected.csv', 'utf8'))
      .trim()
      .split('\n')
      .flatMap((line) => line.split(',').map(Number));
    const evaluated = await rows('models/churn/evaluation.csv');
    const labels = await gather('churn', evaluated, request, 'label');
    expect(await reportedAccuracy('churn')).toBe(accuracy(labels, evaluated));
    const probabilities = await gather('churn', all, request, 'probabilities');
    expect(probabilities).toHaveLength(expected.length);
    const worst = Math.max(...probabilities.map((p, i) => Math.abs(p - (expected[i] ?? 2))));
    expect(worst).toBeLessThan(1e-5);
    expect(accuracy(await gather('churn', all, request, 'label'), all)).toBeCloseTo(0.9473, 4);
  });
});
