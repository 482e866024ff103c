import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, describe, expect, test } from '@jest/globals';
import type { Digest, ModelName, Version } from '../../ids.ts';
import type { InferJob, ServableModel } from '../../ports/engine.ts';
import type { Signature } from '../../protocol/tensor.ts';
import { ThreadedEngine } from './engine.ts';

const DIST = process.env['PILOTLIGHT_TEST_DIST'] ?? 'dist';
const digits: Signature = {
  inputs: [{ name: 'image', datatype: 'FP32', shape: [-1, 1, 8, 8] }],
  outputs: [
    { name: 'label', datatype: 'INT64', shape: [-1] },
    { name: 'probabilities', datatype: 'FP32', shape: [-1, 10] },
  ],
};

const engines: ThreadedEngine[] = [];
afterEach(async () => {
  await Promise.all(engines.splice(0).map((engine) => engine.close()));
});

function start(
  options: Partial<ConstructorParameters<typeof ThreadedEngine>[0]> = {},
): ThreadedEngine {
  const engine = new ThreadedEngine({
    workerFile: pathToFileURL(join(DIST, 'worker.cjs')),
    threads: 2,
    modelCacheBytes: 10_000_000,
    maxQueuedRequests: 100,
    maxQueuedBytes: 10_000_000,
    maxBodyBytes: 1_000_000,
    maxRunMs: 60_000,
    // jest's realm has arrays of its own, which the runtime doesn't know.
    maxInlineRunMs: 0,
    ...options,
  });
  engines.push(engine);
  return engine;
}

/** The digits model under a name of its own; `opened` and `released` count the holds on its file. */
async function servable(key: string, path = 'models/digits/model.onnx', bytes?: number) {
  const holds = { opened: 0, released: 0 };
  const model: ServableModel = {
    key,
    model: key as ModelName,
    version: 1 as Version,
    bytes: bytes ?? (await stat('models/digits/model.onnx')).size,
    signature: digits,
    digest: createHash('sha256').update(key).digest('hex') as Digest,
    preload: false,
    batchRows: 1,
    inlineable: false,
    open: () => {
      holds.opened++;
      return Promise.resolve({
        path,
        stream: () => Promise.reject(new Error('not streamed here')),
        release: () => {
          holds.released++;
        },
      });
    },
  };
  return { model, holds };
}

function job(
  data: number[] = new Array<number>(64).fill(0),
  options: Partial<InferJob> = {},
): InferJob {
  const shape = [data.length / 64, 1, 8, 8];
  const text = JSON.stringify({
    id: 'a',
    inputs: [{ name: 'image', datatype: 'FP32', shape, data }],
  });
  return {
    body: Uint8Array.from(Buffer.from(text)),
    headerLength: undefined,
    contentEncoding: undefined,
    acceptEncoding: undefined,
    deadline: Date.now() + 30_000,
    priority: 0,
    ...options,
  };
}

const parsed = (body: Uint8Array) =>
  JSON.parse(Buffer.from(body).toString()) as {
    id: string;
    model_name: string;
    outputs: { name: string; shape: number[]; data: number[] }[];
  };

describe('the threaded engine', () => {
  test('loads on the first request, answers, and tells where the time went', async () => {
    const { model, holds } = await servable('digits');
    const engine = start();
    const answer = await engine.infer(model, job());
    const { id, model_name, outputs } = parsed(answer.body);
    expect([id, model_name]).toEqual(['a', 'digits']);
    expect(outputs.map(({ name, shape }) => [name, shape])).toEqual([
      ['label', [1]],
      ['probabilities', [1, 10]],
    ]);
    expect(outputs[1]?.data.reduce((sum, p) => sum + p, 0)).toBeCloseTo(1, 5);
    expect(answer.rows).toBe(1);
    for (const ns of Object.values(answer.timings)) expect(ns).toBeGreaterThan(0);
    expect(engine.loaded()).toEqual(['digits']);
    expect(holds.opened).toBe(1);
  });

  test('fifty first requests at once load the model once; the file is let go', async () => {
    const { model, holds } = await servable('digits');
    const engine = start();
    const answers = await Promise.all(Array.from({ length: 50 }, () => engine.infer(model, job())));
    expect(new Set(answers.map(({ body }) => Buffer.from(body).toString())).size).toBe(1);
    expect(holds.opened).toBe(1);
    await engine.close();
    expect(holds.released).toBe(1);
  });

  test('a bad request fails alone', async () => {
    const { model } = await servable('digits');
    const engine = start();
    const bad = engine.infer(model, job([1, 2, 3]));
    const good = engine.infer(model, job());
    await expect(bad).rejects.toMatchObject({ failure: { kind: 'malformed' } });
    expect(parsed((await good).body).outputs).toHaveLength(2);
  });

  test('evicts the least recently used, never one in use, and refuses what can never fit', async () => {
    const engine = start({ modelCacheBytes: 50_000, threads: 1 });
    const [a, b, huge] = await Promise.all([
      servable('a', undefined, 30_000),
      servable('b', undefined, 30_000),
      servable('huge', undefined, 50_001),
    ]);
    await engine.infer(a.model, job());
    await engine.infer(b.model, job());
    expect(engine.loaded()).toEqual(['b']);
    const running = engine.infer(b.model, job());
    await expect(engine.infer(a.model, job())).rejects.toMatchObject({
      failure: { kind: 'overloaded', detail: expect.stringContaining('in use') },
    });
    await running;
    await expect(engine.load(huge.model)).rejects.toMatchObject({ failure: { kind: 'notReady' } });
  });

  test('tells what it does with models, and how full it is', async () => {
    const heard: unknown[] = [];
    const engine = start({
      modelCacheBytes: 50_000,
      threads: 1,
      watcher: {
        loaded: ({ key }, ms) => heard.push(['loaded', key, ms > 0]),
        left: ({ key }, left) => heard.push(['left', key, left]),
      },
    });
    const [a, b] = await Promise.all([
      servable('a', undefined, 30_000),
      servable('b', undefined, 30_000),
    ]);
    await engine.infer(a.model, job());
    for (let asked = 0; asked < 3; asked++) await engine.infer(a.model, job());
    await engine.infer(a.model, job(undefined, { observe: 'only' }));
    const holdings = () =>
      engine.holdings().map(({ model, bytes, hits }) => [model.key, bytes > 0, hits]);
    expect([holdings(), holdings()]).toEqual([[['a', true, 3]], [['a', true, 0]]]);

    await engine.infer(a.model, job());
    await engine.infer(b.model, job());
    await engine.unload('b');
    expect(heard).toEqual([
      ['loaded', 'a', true],
      ['left', 'a', { hits: 1, evicted: true }],
      ['loaded', 'b', true],
      ['left', 'b', { hits: 0, evicted: false }],
    ]);
    expect(engine.holdings()).toEqual([]);
  });

  test('is as full as the runs that its requests come to, for its threads', async () => {
    const { model } = await servable('digits');
    const shared = { ...model, key: 'shared', batchRows: 4 };
    const engine = start({ threads: 2 });
    expect(engine.saturation()).toBe(0);
    for (const each of [model, shared]) await engine.load(each);
    const alone = Array.from({ length: 5 }, () => engine.infer(model, job()));
    expect(engine.saturation()).toBe(5 / 2);
    const together = Array.from({ length: 6 }, () => engine.infer(shared, job()));
    expect(engine.saturation()).toBe((5 + 6 / 4) / 2);
    await Promise.all([...alone, ...together]);
    await new Promise((resolve) => setImmediate(resolve));
    expect(engine.saturation()).toBe(0);
  });

  test('a full queue refuses at once', async () => {
    const { model } = await servable('digits');
    const engine = start({ threads: 1, maxQueuedRequests: 3 });
    await engine.load(model);
    const results = await Promise.allSettled(
      Array.from({ length: 20 }, () => engine.infer(model, job())),
    );
    const refused = results.filter((result) => result.status === 'rejected');
    expect(refused).toHaveLength(16); // one runs, three wait
    for (const { reason } of refused) {
      expect(reason).toMatchObject({ failure: { kind: 'overloaded', retryAfterSeconds: 1 } });
    }
  });

  test('a deadline counts while waiting: 503 while loading, 504 behind others', async () => {
    const { model } = await servable('digits');
    const engine = start({ threads: 1 });
    const never: ServableModel = {
      ...model,
      key: 'never',
      open: () => new Promise(() => undefined),
    };
    await expect(
      engine.infer(never, job(undefined, { deadline: Date.now() + 20 })),
    ).rejects.toMatchObject({ failure: { kind: 'notReady' } });
    await engine.load(model);
    const many = Array.from({ length: 30 }, () => engine.infer(model, job()));
    await expect(
      engine.infer(model, job(undefined, { deadline: Date.now() - 1, priority: 3 })),
    ).rejects.toMatchObject({ failure: { kind: 'deadlinePassed' } });
    await Promise.all(many);
  });

  test('what could only be answered late is refused at once, with an honest Retry-After', async () => {
    const { model } = await servable('digits');
    const engine = start({ threads: 1, maxQueuedRequests: 2_000 });
    for (let warm = 0; warm < 5; warm++) await engine.infer(model, job());
    const backlog = Array.from({ length: 200 }, () => engine.infer(model, job()));
    await expect(
      engine.infer(model, job(undefined, { deadline: Date.now() + 1 })),
    ).rejects.toMatchObject({
      failure: { kind: 'overloaded', detail: expect.stringContaining('deadline allows') },
    });
    await expect(engine.infer(model, job())).resolves.toBeDefined();
    expect(await Promise.all(backlog)).toHaveLength(200);
  });

  test('a model that cannot be loaded fails its requests, and may be tried again', async () => {
    const broken = await servable('digits', 'package.json');
    const engine = start();
    await expect(engine.infer(broken.model, job())).rejects.toMatchObject({
      failure: { kind: 'notReady', detail: expect.stringContaining("can't be loaded") },
    });
    expect(broken.holds).toEqual({ opened: 1, released: 1 });
    const mended = await servable('digits');
    expect((await engine.infer(mended.model, job())).rows).toBe(1);
  });

  test('an unload waits for the runs in flight, and the next request loads anew', async () => {
    const { model, holds } = await servable('digits');
    const engine = start();
    await engine.load(model);
    const running = Array.from({ length: 20 }, () => engine.infer(model, job()));
    await engine.unload(model.key);
    expect(engine.loaded()).toEqual([]);
    await Promise.all(running);
    await engine.infer(model, job());
    expect(holds.opened).toBe(2);
    await engine.unload('nobody');
  });

  test('closing lets what waits end and refuses the rest', async () => {
    const { model } = await servable('digits');
    const engine = start();
    const waiting = Array.from({ length: 20 }, () => engine.infer(model, job()));
    await engine.close();
    expect(await Promise.all(waiting)).toHaveLength(20);
    await expect(engine.infer(model, job())).rejects.toMatchObject({
      failure: { kind: 'notReady' },
    });
    expect(engine.ailments()).toEqual(['shutting down']);
  });
});
