import { execFile, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { modelBytes, node, T, tensorValue } from '../../../test/model-maker.ts';
import type { Digest, ModelName, Version } from '../../ids.ts';
import type { ServableModel } from '../../ports/engine.ts';
import { ThreadedEngine } from './engine.ts';
import { preparedKey } from './prepared-form.ts';
import { writeManifest } from './prepared-manifest.ts';
import { createPreparedModels } from './prepared-models.ts';
import { GRAPH_FILE, WEIGHTS_FILE } from './serving-options.ts';

const WORKER = pathToFileURL(join(process.env['PILOTLIGHT_TEST_DIST'] ?? 'dist', 'worker.cjs'));
const WIDTH = 1_024;
const LAYERS = 8; // 34 MB

/** Matrix products behind each other; no two weights are alike, or the runtime would share them. */
function model(): Uint8Array {
  let state = 1;
  // Marsaglia's xorshift32: a shorter cycle would repeat the weights.
  const random = (): number => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32 - 0.5;
  };
  const weights = () => Float32Array.from({ length: WIDTH * WIDTH }, () => random() / 16);
  return modelBytes({
    input: [tensorValue('x', T.FLOAT, ['n', WIDTH])],
    output: [tensorValue('y', T.FLOAT, ['n', WIDTH])],
    initializer: Array.from({ length: LAYERS }, (_, layer) => ({
      name: `w${layer}`,
      dataType: T.FLOAT,
      dims: [BigInt(WIDTH), BigInt(WIDTH)],
      rawData: new Uint8Array(weights().buffer),
    })),
    node: Array.from({ length: LAYERS }, (_, layer) =>
      node(
        'MatMul',
        [layer === 0 ? 'x' : `h${layer - 1}`, `w${layer}`],
        [layer === LAYERS - 1 ? 'y' : `h${layer}`],
      ),
    ),
  });
}
const MODEL = model();
const DIGEST = createHash('sha256').update(MODEL).digest('hex') as Digest;

let dir: string;
let source: string;
const engines: ThreadedEngine[] = [];
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'model-sources-'));
  source = join(dir, 'original.onnx');
  await writeFile(source, MODEL);
});
afterEach(async () => {
  await Promise.all(engines.splice(0).map((engine) => engine.close()));
  await rm(dir, { recursive: true, force: true });
});

/** `prepared` hears of each model that is prepared. */
function start(prepared: (path: string) => void = () => undefined): ThreadedEngine {
  const engine = new ThreadedEngine({
    workerFile: WORKER,
    threads: 2,
    modelCacheBytes: 1e9,
    maxQueuedRequests: 100,
    maxQueuedBytes: 10_000_000,
    maxBodyBytes: 1_000_000,
    maxRunMs: 60_000,
    maxInlineRunMs: 0,
    prepared: (prepare) =>
      createPreparedModels({
        dir: join(dir, 'prepared'),
        maxBytes: 1e9,
        prepare: (path, into) => {
          prepared(path);
          return prepare(path, into);
        },
      }),
  });
  engines.push(engine);
  return engine;
}

/** How often its file was opened, and how many holds on it there are. */
function servable(key = 'm') {
  const holds = { opened: 0, held: 0 };
  const found: ServableModel = {
    key,
    model: 'm' as ModelName,
    version: 1 as Version,
    digest: DIGEST,
    bytes: MODEL.byteLength,
    signature: {
      inputs: [{ name: 'x', datatype: 'FP32', shape: [-1, WIDTH] }],
      outputs: [{ name: 'y', datatype: 'FP32', shape: [-1, WIDTH] }],
    },
    batchRows: 1,
    inlineable: false,
    preload: false,
    open: () => {
      holds.opened++;
      holds.held++;
      return Promise.resolve({
        path: source,
        stream: () => Promise.reject(new Error('not streamed here')),
        release: () => {
          holds.held--;
        },
      });
    },
  };
  return { model: found, holds };
}

/** The answer's text, every digit of it. */
async function ask(engine: ThreadedEngine, asked: ServableModel): Promise<string> {
  const data = Array.from({ length: WIDTH }, (_, index) => Math.fround(Math.sin(index)));
  const text = JSON.stringify({
    inputs: [{ name: 'x', datatype: 'FP32', shape: [1, WIDTH], data }],
  });
  const answer = await engine.infer(asked, {
    body: Uint8Array.from(Buffer.from(text)),
    headerLength: undefined,
    contentEncoding: undefined,
    acceptEncoding: undefined,
    deadline: Date.now() + 60_000,
    priority: 0,
  });
  return Buffer.from(answer.body).toString();
}

const forms = async (): Promise<string[]> =>
  existsSync(join(dir, 'prepared'))
    ? (await readdir(join(dir, 'prepared'))).filter((name) => name.endsWith('.prepared'))
    : [];
const formFolder = async (): Promise<string> =>
  join(dir, 'prepared', `${await preparedKey(DIGEST)}.prepared`);
async function until(what: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await what())) await new Promise((resolve) => setTimeout(resolve, 10));
}
/** Serves the model until its form is made and every thread has changed to it. */
async function prepareOnce(): Promise<string> {
  const { model: asked, holds } = servable();
  const engine = start();
  const answer = await ask(engine, asked);
  await until(() => holds.held === 0);
  expect(await forms()).toHaveLength(1);
  await engine.close();
  return answer;
}

describe('the prepared form', () => {
  test('is made behind the first answer, once, and answers bit by bit the same', async () => {
    const prepared: string[] = [];
    const engine = start((path) => prepared.push(path));
    const [a, b] = [servable('a'), servable('b')];
    const [first, second] = await Promise.all([ask(engine, a.model), ask(engine, b.model)]);
    expect(second).toBe(first);
    await until(() => a.holds.held + b.holds.held === 0);
    expect(prepared).toEqual([source]);
    const later = await Promise.all(Array.from({ length: 8 }, () => ask(engine, a.model)));
    expect(new Set(later)).toEqual(new Set([first]));
  });

  test('is all that the next process needs', async () => {
    const answer = await prepareOnce();
    await rm(source);
    const { model: asked, holds } = servable();
    const engine = start();
    const answers = await Promise.all(Array.from({ length: 20 }, () => ask(engine, asked)));
    expect(new Set(answers)).toEqual(new Set([answer]));
    expect(holds.opened).toBe(0);
  });

  test('costs a session no copy of the weights', async () => {
    await prepareOnce();
    // A process of its own: this one's garbage would count too.
    const script = `
      const { once } = require('node:events');
      const { Worker } = require('node:worker_threads');
      const [, form, file, workerFile, width] = process.argv;
      const x = { name: 'x', datatype: 'FP32', shape: [-1, Number(width)] };
      const signature = { inputs: [x], outputs: [{ ...x, name: 'y' }] };
      const model = { name: 'm', version: 1, signature, batchRows: 1, maxBodyBytes: 1 };
      const load = async (worker, session, path, prepared) => {
        const source = { path, prepared };
        worker.postMessage({ id: session, message: { type: 'load', session, source, model } });
        const [{ message }] = await once(worker, 'message');
        return message.report.grownBytes;
      };
      (async () => {
        const workerData = { spawnedAt: Date.now(), ahead: false };
        const workers = [1, 2].map(() => new Worker(new URL(workerFile), { workerData }));
        const [first, second] = workers;
        await load(first, 1, form, true);
        const mapped = [await load(first, 2, form, true), await load(second, 3, form, true)];
        const copied = await load(second, 4, file, false);
        console.log(JSON.stringify({ mapped, copied }));
        process.exit();
      })();
    `;
    const form = join(await formFolder(), GRAPH_FILE);
    const args = ['-e', script, form, source, WORKER.href, String(WIDTH)];
    // The weights are packed once more while they are loaded, only to be found in the form. Else
    // glibc keeps what that took for the next load, sometimes.
    const glibc = { MALLOC_MMAP_THRESHOLD_: '131072', MALLOC_TRIM_THRESHOLD_: '131072' };
    const env = { ...process.env, ...glibc };
    const { stdout } = await promisify(execFile)(process.execPath, args, { env });
    const { mapped, copied } = JSON.parse(stdout) as { mapped: number[]; copied: number };
    expect(copied).toBeGreaterThan(MODEL.byteLength / 2);
    for (const bytes of mapped) expect(bytes).toBeLessThan(MODEL.byteLength / 8);
  });

  test('that the runtime refuses is removed, and the file serves', async () => {
    const answer = await prepareOnce();
    const folder = await formFolder();
    await writeFile(join(folder, GRAPH_FILE), 'not a graph');
    await writeManifest(folder); // as if it had been written so
    const engine = start();
    const { model: asked, holds } = servable();
    expect(await ask(engine, asked)).toBe(answer);
    expect(holds.opened).toBe(1);
    await until(async () => (await forms()).length === 0);
    expect(await ask(engine, asked)).toBe(answer);
  });

  test('that was damaged on disk is made anew', async () => {
    const answer = await prepareOnce();
    const weights = join(await formFolder(), WEIGHTS_FILE);
    const bytes = await readFile(weights);
    bytes.fill(0, bytes.length / 2);
    await writeFile(weights, bytes);
    expect(await prepareOnce()).toBe(answer);
    expect((await readFile(weights)).equals(bytes)).toBe(false);
  });

  test('whose making was cut off by the end of the process is not used', async () => {
    const own = join(dir, 'prepared', 'making', 'PID', await preparedKey(DIGEST));
    const script = `
      const { Worker } = require('node:worker_threads');
      const { mkdirSync } = require('node:fs');
      const into = process.argv[2].replace('PID', process.pid + '-1');
      mkdirSync(into, { recursive: true });
      const workerData = { spawnedAt: Date.now(), ahead: false };
      const worker = new Worker(new URL(process.argv[3]), { workerData });
      worker.postMessage({ id: 1, message: { type: 'prepare', path: process.argv[1], into } });
    `;
    const child = spawn(process.execPath, ['-e', script, source, own, WORKER.href]);
    const left = own.replace('PID', `${child.pid}-1`);
    await until(() => existsSync(join(left, WEIGHTS_FILE)));
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(await readdir(left)).toContain(WEIGHTS_FILE);
    const answer = await prepareOnce();
    expect(existsSync(left)).toBe(false);
    const { model: asked, holds } = servable();
    expect(await ask(start(), asked)).toBe(answer);
    expect(holds.opened).toBe(0);
  });

  test('of a model that is unloaded meanwhile holds nothing back', async () => {
    const engine = start();
    const { model: asked, holds } = servable();
    await mkdir(join(dir, 'prepared'), { recursive: true });
    const answer = await ask(engine, asked);
    await engine.unload(asked.key);
    expect(engine.loaded()).toEqual([]);
    await until(async () => (await forms()).length === 1);
    await until(() => holds.held === 0);
    expect(await ask(engine, asked)).toBe(answer);
  });
});
