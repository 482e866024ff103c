import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Digest, ModelName, Version } from '../../ids.ts';
import type { InferJob, ServableModel } from '../../ports/engine.ts';
import type { Inspection } from '../../ports/inspection.ts';
import { ThreadedEngine } from './engine.ts';
import { createInspector } from './inspector.ts';

const DIST = process.env.PILOTLIGHT_TEST_DIST ?? 'dist';
const SAMPLES = ['breast-cancer', 'churn', 'digits', 'fashion'];
type Found = Extract<Inspection, { ok: true }>;

const found = new Map<string, Found>();
beforeAll(async () => {
  const inspector = createInspector({
    examinerFile: join(DIST, 'examiner.mjs'),
    timeoutMs: 60_000,
    evaluationTimeoutMs: 60_000,
    memoryBytes: 1_500_000_000,
  });
  for (const name of SAMPLES) {
    const inspection = await inspector.inspect({ file: `models/${name}/model.onnx`, card: {} });
    if (!inspection.ok) throw new Error(`${name}: ${inspection.reasons.join('; ')}`);
    found.set(name, inspection);
  }
});

describe('the proof that rows may share a run', () => {
  test.each(['breast-cancer', 'churn', 'digits'])('%s: proven, with a curve', (name) => {
    const { batching } = found.get(name) as Found;
    expect([batching?.proven, batching?.why]).toEqual([true, expect.stringMatching(/the same/)]);
    expect(batching?.curve.map(({ rows }) => rows)).toEqual([1, 2, 4, 8, 16, 32, 64]);
  });

  test('fashion: its scales depend on the whole batch, and neighbours show it', () => {
    const { batching, facts } = found.get('fashion') as Found;
    expect(facts.quantized).toBe('dynamic');
    expect([batching?.proven, batching?.why]).toEqual([
      false,
      expect.stringMatching(/changes with the rows beside it/),
    ]);
  });
});

const engines: ThreadedEngine[] = [];
afterEach(async () => {
  await Promise.all(engines.splice(0).map((engine) => engine.close()));
});

function start(): ThreadedEngine {
  const engine = new ThreadedEngine({
    workerFile: pathToFileURL(join(DIST, 'worker.cjs')),
    threads: 1,
    modelCacheBytes: 100_000_000,
    maxQueuedRequests: 1_000,
    maxQueuedBytes: 100_000_000,
    maxBodyBytes: 10_000_000,
    maxRunMs: 60_000,
    maxInlineRunMs: 0,
  });
  engines.push(engine);
  return engine;
}

async function servable(name: string, batchRows: number): Promise<ServableModel> {
  const path = `models/${name}/model.onnx`;
  return {
    key: `${name}/${batchRows}`,
    model: name as ModelName,
    version: 1 as Version,
    bytes: (await stat(path)).size,
    digest: '0'.repeat(64) as Digest,
    signature: (found.get(name) as Found).signature,
    preload: false,
    batchRows,
    inlineable: false,
    open: () =>
      Promise.resolve({
        path,
        stream: () => Promise.reject(new Error('not streamed here')),
        release: () => undefined,
      }),
  };
}

interface Asked {
  readonly rows: number;
  readonly scale: number;
  readonly bad: boolean;
}

function job(name: string, { rows, scale, bad }: Asked, seed: number): InferJob {
  const { signature } = found.get(name) as Found;
  const inputs = signature.inputs.map(({ name: input, datatype, shape }) => {
    const dims = (shape ?? []).map((dimension) => (dimension === -1 ? rows : dimension));
    const length = dims.reduce((product, dimension) => product * dimension, 1);
    const data = Array.from({ length: bad ? length + 1 : length }, (_, index) => {
      const value = (((index + 1) * (seed + 7) * 2654435761) % 1000) / 1000;
      if (datatype === 'BYTES') return ['yes', 'no', 'WY', 'area_code_415'][index % 4];
      return value * scale;
    });
    return { name: input, datatype, shape: dims, data };
  });
  return {
    body: Uint8Array.from(Buffer.from(JSON.stringify({ id: `r${seed}`, inputs }))),
    headerLength: undefined,
    contentEncoding: undefined,
    acceptEncoding: undefined,
    deadline: Date.now() + 60_000,
    priority: 0,
  };
}

interface Document {
  readonly id: string;
  readonly outputs: { readonly name: string; readonly shape: number[]; readonly data: number[] }[];
}

describe('batched equals alone', () => {
  test.each(['breast-cancer', 'churn', 'digits'])('%s', async (name) => {
    const engine = start();
    const [alone, batched] = await Promise.all([servable(name, 1), servable(name, 16)]);
    await engine.load(alone);
    await engine.load(batched);
    let shared = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.record({
            rows: fc.integer({ min: 1, max: 5 }),
            scale: fc.constantFrom(1, 1, 20, 1e6),
            bad: fc.constantFrom(false, false, false, true),
          }),
          { minLength: 1, maxLength: 24 },
        ),
        async (asked) => {
          const [expected, got] = await Promise.all(
            [alone, batched].map((model) =>
              Promise.allSettled(
                asked.map((one, seed) => engine.infer(model, job(name, one, seed))),
              ),
            ),
          );
          for (const [index, one] of asked.entries()) {
            const [a, b] = [expected?.[index], got?.[index]];
            // A bad one fails alone; its neighbours answer.
            expect([a?.status, b?.status]).toEqual(
              one.bad ? ['rejected', 'rejected'] : ['fulfilled', 'fulfilled'],
            );
            if (a?.status !== 'fulfilled' || b?.status !== 'fulfilled') continue;
            if (b.value.runRows > one.rows) shared++;
            const [x, y] = [a.value, b.value].map(
              ({ body }) => JSON.parse(Buffer.from(body).toString()) as Document,
            );
            expect(y?.id).toBe(`r${index}`);
            for (const [o, output] of (x?.outputs ?? []).entries()) {
              const other = y?.outputs[o];
              expect(other).toMatchObject({ name: output.name, shape: output.shape });
              for (const [at, value] of output.data.entries()) {
                expect(Math.abs(value - (other?.data[at] ?? Infinity))).toBeLessThanOrEqual(
                  1e-5 * Math.max(1, Math.abs(value)),
                );
              }
            }
          }
        },
      ),
      { numRuns: 25 },
    );
    // What was compared really was batched.
    expect(shared).toBeGreaterThan(3);
  });
});
