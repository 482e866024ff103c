import { readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ThreadedEngine } from '../../../shared/adapters/onnx/engine.ts';
import { ServingError } from '../../../shared/errors.ts';
import type { Digest, ModelName, Version } from '../../../shared/ids.ts';
import type { InferJob, ServableModel } from '../../../shared/ports/engine.ts';
import { register } from '../../journeys/client.ts';
import { largeModel } from '../../journeys/large-model.ts';
import { discard, type RunningHost, startHost } from '../../journeys/running-host.ts';

const DIST = process.env.PILOTLIGHT_TEST_DIST ?? 'dist';
const WIDTH = 1_024; // 4 MB
const MODELS = 200;
const BUDGET = 400_000_000;
const REQUESTS = 6_000;
const CALLERS = 16;

const file = join(tmpdir(), `pilotlight-many-${process.pid}.onnx`);
let bytes = 0;
beforeAll(async () => {
  const model = largeModel({ width: WIDTH, layers: 1 });
  bytes = model.byteLength;
  await writeFile(file, model);
});

function request(): InferJob {
  const header = Buffer.from(
    JSON.stringify({
      inputs: [
        {
          name: 'x',
          datatype: 'FP32',
          shape: [1, WIDTH],
          parameters: { binary_data_size: WIDTH * 4 },
        },
      ],
      parameters: { binary_data_output: true },
    }),
  );
  return {
    body: Uint8Array.from(Buffer.concat([header, Buffer.alloc(WIDTH * 4)])),
    headerLength: header.byteLength,
    contentEncoding: undefined,
    acceptEncoding: undefined,
    deadline: Date.now() + 30_000,
    priority: 0,
  };
}

test('200 models in 400 MB under Zipf traffic: honest refusals only, no load twice, no overrun', async () => {
  const engine = new ThreadedEngine({
    workerFile: pathToFileURL(join(DIST, 'worker.cjs')),
    threads: 2,
    modelCacheBytes: BUDGET,
    maxQueuedRequests: 1_000,
    maxQueuedBytes: 100_000_000,
    maxBodyBytes: 10_000_000,
    maxRunMs: 60_000,
    maxInlineRunMs: 0,
  });
  const opening = new Map<number, number>();
  const opened = { total: 0, twice: 0 };
  const models = Array.from(
    { length: MODELS },
    (_, index): ServableModel => ({
      key: `m${index}`,
      model: `m${index}` as ModelName,
      version: 1 as Version,
      bytes,
      signature: {
        inputs: [{ name: 'x', datatype: 'FP32', shape: [-1, WIDTH] }],
        outputs: [{ name: 'y', datatype: 'FP32', shape: [-1, WIDTH] }],
      },
      batchRows: 1,
      preload: false,
      digest: String(index).padStart(64, '0') as Digest,
      inlineable: false,
      open: () => {
        opened.total++;
        opening.set(index, (opening.get(index) ?? 0) + 1);
        if ((opening.get(index) ?? 0) > 1 && engine.loaded().includes(`m${index}`)) opened.twice++;
        return Promise.resolve({
          path: file,
          stream: () => Promise.reject(new Error('not streamed here')),
          release: () => {
            opening.set(index, 0);
          },
        });
      },
    }),
  );
  // Zipf: the k-th model is asked for 1/k as often as the first.
  const weights = models.map((_, index) => 1 / (index + 1));
  const sum = weights.reduce((a, b) => a + b, 0);
  let state = 5;
  const random = () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fff_ffff;
    return state / 0x8000_0000;
  };
  const pick = (): ServableModel => {
    let left = random() * sum;
    const index = weights.findIndex((weight) => (left -= weight) <= 0);
    return models[Math.max(0, index)] as ServableModel;
  };
  const kinds = new Map<string, number>();
  let most = 0;
  let asked = 0;
  await Promise.all(
    Array.from({ length: CALLERS }, async () => {
      while (asked < REQUESTS) {
        asked++;
        let kind = 'answered';
        try {
          await engine.infer(pick(), request());
        } catch (error) {
          if (!(error instanceof ServingError)) throw error;
          ({ kind } = error.failure);
        }
        kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
        most = Math.max(most, engine.loaded().length);
      }
    }),
  );
  await engine.close();
  console.log(
    `${JSON.stringify(Object.fromEntries(kinds))}; ${opened.total} loads, at most ${most} models at once`,
  );
  expect(opened.twice).toBe(0);
  expect(
    [...kinds.keys()].filter((kind) => !['answered', 'overloaded', 'notReady'].includes(kind)),
  ).toEqual([]);
  expect(kinds.get('answered')).toBeGreaterThan(REQUESTS * 0.95);
  // The popular ones stay: far fewer loads than requests.
  expect(opened.total).toBeLessThan(REQUESTS / 2);
  expect(most * bytes).toBeLessThanOrEqual(BUDGET);
});

describe('loading and evicting', () => {
  const CYCLES = 1_000;
  const WINDOW = 50;
  const COLLECT = pathToFileURL('test/wide/stress/collect-on-signal.mjs').href;
  let host: RunningHost;
  beforeAll(async () => {
    // As the README advises for hosts that live long.
    host = await startHost({
      env: {
        MALLOC_MMAP_THRESHOLD_: '131072',
        MALLOC_TRIM_THRESHOLD_: '131072',
        NODE_OPTIONS: `--max-semi-space-size=8 --import ${COLLECT}`,
      },
    });
    const model = largeModel({ width: WIDTH, layers: 1 });
    expect(await register(host.url, 'cycled', model)).toMatchObject({ status: 201 });
  });
  afterAll(async () => {
    await discard(host);
  });

  const residentMb = async (): Promise<number> => {
    const status = await readFile(`/proc/${host.process.pid ?? 0}/status`, 'utf8');
    return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1] ?? 0) / 1024;
  };

  test(`${CYCLES} times leaves memory where it was after the first 50`, async () => {
    const call = async (verb: string) => {
      const response = await fetch(`${host.url}/v2/repository/models/cycled/${verb}`, {
        method: 'POST',
      });
      expect([verb, response.status, await response.text()]).toEqual([verb, 200, '']);
    };
    // The middle of a window is its level. Garbage that nobody has collected yet is neither kept nor
    // leaked, and V8 leaves it lying for more cycles than these: it goes before a window begins.
    const samples: number[] = [];
    for (let cycle = 0; cycle < CYCLES; cycle++) {
      if (cycle % WINDOW === 0) host.process.kill('SIGUSR2');
      await call('load');
      await call('unload');
      samples.push(await residentMb());
    }
    const level = (from: number, cycles = WINDOW): number =>
      samples.slice(from, from + cycles).sort((a, b) => a - b)[cycles / 2] ?? Number.NaN;
    const levels = Array.from({ length: CYCLES / WINDOW }, (_, index) => level(index * WINDOW));
    console.log(`RSS in MB, every ${WINDOW} cycles: ${levels.map(Math.round).join(' ')}`);
    const early = level(WINDOW);
    const late = level(CYCLES - 4 * WINDOW, 4 * WINDOW);
    expect(late).toBeLessThan(early * 1.1);
  });
});
