import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { register } from './client.ts';
import { largeModel } from './large-model.ts';
import { discard, type RunningHost, startHost } from './running-host.ts';

// A large model loads and runs in threads: whoever asks for something else hardly notices.

const WIDTH = 2_048;
const LAYERS = 4; // 67 MB
const ROWS = 256;

let host: RunningHost;
beforeAll(async () => {
  host = await startHost();
});
afterAll(async () => {
  await discard(host);
});

/** Asks for health until `until` settles; the time of each answer in ms. */
async function healthWhile(until: Promise<unknown>): Promise<number[]> {
  const state = { over: false };
  const end = (): void => {
    state.over = true;
  };
  until.then(end, end);
  const times: number[] = [];
  while (!state.over) {
    const begin = performance.now();
    const response = await fetch(`${host.url}/v2/health/live`);
    await response.arrayBuffer();
    expect(response.status).toBe(200);
    times.push(performance.now() - begin);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  await until;
  return times.sort((a, b) => a - b);
}

function rows(): Uint8Array<ArrayBuffer> {
  const data = new Float32Array(ROWS * WIDTH).fill(0.5);
  const header = Buffer.from(
    JSON.stringify({
      inputs: [
        {
          name: 'x',
          datatype: 'FP32',
          shape: [ROWS, WIDTH],
          parameters: { binary_data_size: data.byteLength },
        },
      ],
      parameters: { binary_data_output: true },
    }),
  );
  headerLength = header.byteLength;
  return Uint8Array.from(Buffer.concat([header, Buffer.from(data.buffer)]));
}
let headerLength = 0;

async function predict(body: Uint8Array<ArrayBuffer>): Promise<void> {
  const response = await fetch(`${host.url}/v2/models/large/infer`, {
    method: 'POST',
    headers: { 'inference-header-content-length': String(headerLength) },
    body,
  });
  const bytes = await response.arrayBuffer();
  if (response.status !== 200) throw new Error(Buffer.from(bytes).toString());
}

const p99 = (times: readonly number[]): number => times[Math.floor(times.length * 0.99)] ?? NaN;

test('health answers within 50 ms (p99) while a 67 MB model registers, loads and runs', async () => {
  const model = largeModel({ width: WIDTH, layers: LAYERS });
  expect(model.byteLength).toBeGreaterThan(50_000_000);
  const registering = await healthWhile(
    register(host.url, 'large', model).then(({ status, document }) => {
      expect([status, document['reason']]).toEqual([201, undefined]);
    }),
  );
  report('registering', registering);
  // A blocked event loop makes every attempt as long as a run (hundreds of ms); a neighbour on a
  // shared machine spoils one.
  const attempts: number[] = [];
  do attempts.push(await loadAndRun());
  while (attempts.length < 3 && Math.min(...attempts) >= 50);
  expect(Math.min(...attempts)).toBeLessThan(50);
});

/** Health's p99 in ms, while the model loads anew and then runs for four callers. */
async function loadAndRun(): Promise<number> {
  const body = rows();
  await fetch(`${host.url}/v2/repository/models/large/unload`, { method: 'POST' });
  const loading = await healthWhile(predict(body));
  const running = await healthWhile(
    Promise.all(
      Array.from({ length: 4 }, async () => {
        for (let request = 0; request < 10; request++) await predict(body);
      }),
    ),
  );
  report('loading', loading);
  report('running', running);
  return p99([...loading, ...running].sort((a, b) => a - b));
}

function report(phase: string, times: readonly number[]): void {
  const p50 = times[times.length >> 1] ?? Number.NaN;
  console.log(
    `${phase}: ${times.length} answers, p50 ${p50.toFixed(1)} ms, p99 ${p99(times).toFixed(1)} ms`,
  );
}
