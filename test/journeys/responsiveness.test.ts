import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { register } from './client.ts';
import { largeModel } from './large-model.ts';
import { discard, type RunningHost, startHost } from './running-host.ts';

// A large model loads and runs in threads: whoever asks for something else hardly notices.

const WIDTH = 2_048;
const LAYERS = 4; // 67 MB
const ROWS = 256;
/** Ends what hangs; it proves no speed. */
const HANGS_AFTER_MS = 600_000;

/** A server that has nothing else to do: what it keeps its callers waiting, the machine does. */
const IDLE = `
  const server = require('node:http').createServer((_, response) => response.end('{}'));
  server.listen(0, '127.0.0.1', () => console.log(server.address().port));
`;

let host: RunningHost;
let idle: ChildProcess;
let idleUrl: string;
beforeAll(async () => {
  host = await startHost();
  const child = spawn(process.execPath, ['-e', IDLE], { stdio: ['ignore', 'pipe', 'inherit'] });
  idle = child;
  const [port] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  idleUrl = `http://127.0.0.1:${port}`;
});
afterAll(async () => {
  idle.kill('SIGKILL');
  await discard(host);
});

/** Ms until answers came, of the host and of the idle server, who were asked in turn. */
interface Times {
  readonly host: number[];
  readonly idle: number[];
}

/** Asks for health until `until` settles. */
async function healthWhile(until: Promise<unknown>): Promise<Times> {
  const state = { over: false };
  const end = (): void => {
    state.over = true;
  };
  until.then(end, end);
  const times: Times = { host: [], idle: [] };
  while (!state.over) {
    times.host.push(await timeOf(`${host.url}/v2/health/live`));
    times.idle.push(await timeOf(idleUrl));
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  await until;
  return times;
}

async function timeOf(url: string): Promise<number> {
  const begin = performance.now();
  const response = await fetch(url);
  await response.arrayBuffer();
  expect(response.status).toBe(200);
  return performance.now() - begin;
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

const p = (part: number, times: readonly number[]): number =>
  [...times].sort((a, b) => a - b)[Math.floor(times.length * part)] ?? NaN;
/** How much later than an idle server the host answers. */
const lateMs = (times: Times): number => p(0.99, times.host) - p(0.99, times.idle);

test(
  'health answers at most 50 ms (p99) later than an idle server while 67 MB register, load and run',
  async () => {
    const model = largeModel({ width: WIDTH, layers: LAYERS });
    expect(model.byteLength).toBeGreaterThan(50_000_000);
    const registering = await healthWhile(
      register(host.url, 'large', model).then(({ status, document }) => {
        expect([status, document['reason']]).toEqual([201, undefined]);
      }),
    );
    report('registering', registering);
    // A blocked event loop makes every attempt as long as a run (hundreds of ms); a neighbour on a
    // shared machine spoils some.
    const attempts: number[] = [];
    do attempts.push(await loadAndRun());
    while (attempts.length < 5 && Math.min(...attempts) >= 50);
    expect(Math.min(...attempts)).toBeLessThan(50);
  },
  HANGS_AFTER_MS,
);

/** How late health is, while the model loads anew and then runs for four callers. */
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
  return lateMs({
    host: [...loading.host, ...running.host],
    idle: [...loading.idle, ...running.idle],
  });
}

function report(phase: string, times: Times): void {
  for (const [who, ms] of Object.entries(times) as [string, number[]][]) {
    console.log(
      `${phase}, ${who}: ${ms.length} answers, p50 ${p(0.5, ms).toFixed(1)} ms, p99 ${p(0.99, ms).toFixed(1)} ms`,
    );
  }
}
