import { execFile } from 'node:child_process';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, describe, expect, test } from '@jest/globals';
import { build } from 'esbuild';
import type { Digest, ModelName, Version } from '../../ids.ts';
import type { InferAnswer, InferJob, ServableModel } from '../../ports/engine.ts';
import type { Signature } from '../../protocol/tensor.ts';
import { ThreadedEngine } from './engine.ts';
import { LoadedModel } from './loaded-model.ts';
import { PendingRequest } from './pending-request.ts';

const DIST = process.env['PILOTLIGHT_TEST_DIST'] ?? 'dist';
const MODEL = 'models/digits/model.onnx';
const signature: Signature = {
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

function start(): ThreadedEngine {
  const engine = new ThreadedEngine({
    workerFile: pathToFileURL(join(DIST, 'worker.cjs')),
    threads: 1,
    modelCacheBytes: 10_000_000,
    maxQueuedRequests: 100,
    maxQueuedBytes: 10_000_000,
    maxBodyBytes: 1_000_000,
    maxRunMs: 60_000,
    maxInlineRunMs: 0,
  });
  engines.push(engine);
  return engine;
}

async function servable(batchRows: number): Promise<ServableModel> {
  return {
    key: `digits/${batchRows}`,
    model: 'digits' as ModelName,
    version: 1 as Version,
    bytes: (await stat(MODEL)).size,
    signature,
    digest: '0'.repeat(64) as Digest,
    preload: false,
    batchRows,
    inlineable: false,
    open: () =>
      Promise.resolve({
        path: MODEL,
        stream: () => Promise.reject(new Error('not streamed here')),
        release: () => undefined,
      }),
  };
}

/** Images of noise, another one for each row of each seed. */
function job(rows: number, seed: number, options: Partial<InferJob> = {}, more = {}): InferJob {
  const data = Array.from(
    { length: rows * 64 },
    (_, index) => ((index + 1) * (seed + 7) * 40503) % 17,
  );
  const inputs = [{ name: 'image', datatype: 'FP32', shape: [rows, 1, 8, 8], data }];
  return {
    body: Uint8Array.from(Buffer.from(JSON.stringify({ inputs, ...more }))),
    headerLength: undefined,
    contentEncoding: undefined,
    acceptEncoding: undefined,
    deadline: Date.now() + 60_000,
    priority: 0,
    ...options,
  };
}

/** What the encoded answer says, as `observed` should. */
function decoded({ body }: Pick<InferAnswer, 'body'>) {
  const { outputs } = JSON.parse(Buffer.from(body).toString()) as {
    outputs: { name: string; data: number[] }[];
  };
  const dataOf = (wanted: string) => outputs.find(({ name }) => name === wanted)?.data ?? [];
  return {
    labels: dataOf('label').map(String).slice(0, 64),
    numbers: dataOf('probabilities').slice(0, 256),
  };
}

function plain({ observed }: InferAnswer) {
  return {
    labels: observed?.labels,
    numbers: [...(observed?.numbers.get('probabilities') ?? [])],
  };
}

function expectSame(
  one: { labels: readonly string[] | undefined; numbers: readonly number[] },
  other: { labels: readonly string[]; numbers: readonly number[] },
): void {
  expect(one.labels).toEqual(other.labels);
  expect(one.numbers).toHaveLength(other.numbers.length);
  for (const [index, number] of one.numbers.entries()) {
    expect(number).toBeCloseTo(other.numbers[index] as number, 5);
  }
}

describe('looking into answers', () => {
  test.each([
    ['alone', 1],
    ['in shared runs', 16],
  ])('%s, each says what its own encoded answer says', async (_, batchRows) => {
    const engine = start();
    const model = await servable(batchRows);
    await engine.load(model);
    const kinds = ['too', undefined, 'only'] as const;
    const answers = await Promise.all(
      Array.from({ length: 30 }, (__, seed) =>
        engine.infer(model, job(1 + (seed % 4), seed, { observe: kinds[seed % 3] })),
      ),
    );
    const plainly = await servable(1);
    for (const [seed, answer] of answers.entries()) {
      const rows = 1 + (seed % 4);
      expect(answer.rows).toBe(rows);
      const alone = decoded(await engine.infer(plainly, job(rows, seed)));
      expect(alone.labels).toHaveLength(rows);
      const kind = kinds[seed % 3];
      if (kind === undefined) expect(answer).not.toHaveProperty('observed');
      else expectSame(plain(answer), alone);
      if (kind === 'only') expect(answer.body).toHaveLength(0);
      else expectSame(decoded(answer), alone);
    }
    expect(answers.some(({ rows, runRows }) => runRows > rows)).toBe(batchRows > 1);
    // Noise is of more than one kind, or nothing was compared.
    expect(new Set(answers.flatMap((answer) => plain(answer).labels ?? [])).size).toBeGreaterThan(
      1,
    );
  });

  test('the first 64 rows, and 256 numbers', async () => {
    const engine = start();
    const model = await servable(1);
    const answer = await engine.infer(model, job(100, 1, { observe: 'too' }));
    expect(plain(answer).labels).toHaveLength(64);
    expect(plain(answer).numbers).toHaveLength(256);
    expectSame(plain(answer), decoded(answer));
  });

  test('only what the request asked for', async () => {
    const engine = start();
    const model = await servable(1);
    const asking = (name: string) =>
      engine.infer(model, job(2, 1, { observe: 'only' }, { outputs: [{ name }] }));
    expect(plain(await asking('label'))).toEqual({
      labels: [expect.stringMatching(/^\d$/), expect.stringMatching(/^\d$/)],
      numbers: [],
    });
    expect((await asking('probabilities')).observed?.labels).toEqual([]);
    expect(plain(await asking('probabilities')).numbers).toHaveLength(20);
  });

  test('a compressed request, and one that is wrong', async () => {
    const engine = start();
    const model = await servable(1);
    const { body } = job(1, 1);
    const gzip = promisify((await import('node:zlib')).gzip);
    const zipped = await engine.infer(
      model,
      job(1, 1, {
        body: new Uint8Array(await gzip(body)),
        contentEncoding: 'gzip',
        acceptEncoding: 'gzip',
        observe: 'only',
      }),
    );
    expectSame(plain(zipped), decoded(await engine.infer(model, job(1, 1))));
    expect(zipped.contentEncoding).toBeUndefined();
    await expect(
      engine.infer(model, job(1, 1, { body: Uint8Array.of(1), observe: 'only' })),
    ).rejects.toMatchObject({ failure: { kind: 'malformed' } });
  });
});

test('what is only looked into is no reason to refuse a request', async () => {
  const loaded = new LoadedModel(await servable(1), 1, 1);
  loaded.served(1, 5_000);
  const caller = { resolve: () => undefined, reject: () => undefined, settled: () => undefined };
  const weightOf = (observe: InferJob['observe']) =>
    new PendingRequest(loaded, job(1, 1, { observe }), caller).serviceNs;
  expect([undefined, 'too', 'only'].map((one) => weightOf(one as InferJob['observe']))).toEqual([
    5_000, 5_000, 0,
  ]);
});

// The runtime doesn't know the arrays of jest's realm: what runs on the main thread runs in a process.
test('on the main thread as well, and it tells what waits there', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'observe-'));
  try {
    const file = join(dir, 'probe.cjs');
    await build({
      stdin: { contents: PROBE, resolveDir: resolve('shared/adapters/onnx'), loader: 'ts' },
      outfile: file,
      bundle: true,
      platform: 'node',
      format: 'cjs',
      define: { 'import.meta.url': '""' },
      external: ['onnxruntime-node'],
      logLevel: 'error',
    });
    const given = {
      model: { ...(await servable(16)), inlineable: true },
      jobs: [job(2, 1), job(3, 2)].map(({ body }) => Buffer.from(body).toString()),
    };
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [file, JSON.stringify(given), resolve(DIST, 'worker.cjs'), resolve(MODEL)],
      { env: { ...process.env, NODE_PATH: resolve('node_modules') } },
    );
    const said = JSON.parse(stdout) as {
      waiting: number;
      inline: boolean;
      answers: { body: string; runRows: number; labels: string[]; numbers: number[] }[];
    };
    expect([said.inline, said.waiting]).toEqual([true, 4]);
    expect(said.answers.map(({ runRows }) => runRows)).toEqual([10, 0, 0, 0]);
    for (const [index, { body, labels, numbers }] of said.answers.entries()) {
      const encoded = said.answers[index % 2]?.body ?? '';
      expect(body === '').toBe(index > 1);
      expectSame({ labels, numbers }, decoded({ body: Buffer.from(encoded) }));
      expect(labels).toHaveLength(2 + (index % 2));
    }
  } finally {
    await rm(dir, { recursive: true });
  }
});

const PROBE = `
  import { pathToFileURL } from 'node:url';
  import { ThreadedEngine } from './engine.ts';
  const [given, worker, path] = process.argv.slice(2);
  const { model, jobs } = JSON.parse(given);
  model.open = async () => ({ path, release() {} });
  const engine = new ThreadedEngine({
    workerFile: pathToFileURL(worker), threads: 1, modelCacheBytes: 1e7, maxQueuedRequests: 100,
    maxQueuedBytes: 1e7, maxBodyBytes: 1e6, maxRunMs: 60_000, maxInlineRunMs: 1_000,
  });
  const infer = (index, observe) => engine.infer(model, {
    body: Uint8Array.from(Buffer.from(jobs[index])), deadline: Date.now() + 60_000, priority: 0, observe,
  });
  void (async () => {
    await engine.load(model);
    // A body that was not moved here was made here.
    let inline = false;
    for (let tries = 0; !inline && tries < 1_000; tries++) {
      inline = Buffer.isBuffer((await infer(0)).body);
    }
    const asked = [infer(0, 'too'), infer(1, 'too'), infer(0, 'only'), infer(1, 'only')];
    const waiting = engine.waiting();
    const answers = (await Promise.all(asked)).map(({ body, runRows, observed }) => ({
      body: Buffer.from(body).toString(), runRows, labels: observed.labels,
      numbers: [...observed.numbers.get('probabilities')],
    }));
    console.log(JSON.stringify({ inline, waiting, answers }));
    await engine.close();
  })();
`;
