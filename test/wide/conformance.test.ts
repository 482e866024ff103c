import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import { messageOf } from '../../shared/errors.ts';
import type { Tensor } from '../../shared/protocol/tensor.ts';
import { register } from '../journeys/client.ts';
import { discard, type RunningHost, startHost } from '../journeys/running-host.ts';
import { type Case, type Exchange, listCases, readExchanges } from './onnx-cases.ts';
import { firstDifference } from './tensor-difference.ts';
import { binaryRequest, jsonRequest, readBinary, readJson } from './wire.ts';

// The ONNX backend suite (Debian's libonnx-testdata 1.12): what the bare runtime answers right is
// answered right over HTTP too, in JSON and in binary. What isn't stands in the list of exceptions,
// by name and with its reason; the list may only shrink.

const ROOT = process.env['ONNX_TESTDATA'] ?? '/usr/share/libonnx-testdata/data';
const IN_FLIGHT = 6;

/** `varies`: random draws and what depends on the machine may as well pass. */
const exceptionsSchema = z.array(
  z.strictObject({
    reason: z.string(),
    varies: z.boolean().optional(),
    cases: z.array(z.string()),
  }),
);

/** Why a case failed, by its name; undefined where it passed. */
type Outcome = ReadonlyMap<string, string | undefined>;

let cases: Case[];
let exceptions: z.infer<typeof exceptionsSchema>;
beforeAll(async () => {
  cases = listCases(ROOT);
  const text = await readFile('test/wide/conformance-exceptions.json', 'utf8');
  exceptions = exceptionsSchema.parse(JSON.parse(text));
});

test('the suite is whole, and every exception is one of its cases', () => {
  expect(cases).toHaveLength(1072);
  const names = new Set(cases.map(({ name }) => name));
  const listed = exceptions.flatMap((group) => group.cases);
  expect(listed.filter((name) => !names.has(name))).toEqual([]);
  expect(new Set(listed).size).toBe(listed.length);
});

test('the bare runtime', async () => {
  expectAsListed(await bareOutcome());
});

describe('over HTTP', () => {
  let host: RunningHost;
  let binary: Map<string, string | undefined>;
  let json: Map<string, string | undefined>;

  beforeAll(async () => {
    host = await startHost();
    binary = new Map();
    json = new Map();
    const queue = [...cases];
    const work = async () => {
      for (let next = queue.shift(); next; next = queue.shift()) {
        const found = await serve(host.url, next);
        binary.set(next.name, found.binary);
        json.set(next.name, found.json);
      }
    };
    await Promise.all(Array.from({ length: IN_FLIGHT }, work));
  }, 1_800_000);
  afterAll(() => discard(host), 60_000);

  test('in binary', () => {
    expectAsListed(binary);
  });
  test('in JSON', () => {
    expectAsListed(json);
  });
});

function expectAsListed(outcome: Outcome): void {
  const listed = new Set(exceptions.flatMap((group) => group.cases));
  const varying = new Set(exceptions.filter((group) => group.varies).flatMap((g) => g.cases));
  const failed = [...outcome].filter(([name, reason]) => reason !== undefined && !listed.has(name));
  const passed = [...listed].filter((name) => !varying.has(name) && !outcome.get(name));
  expect({ failed, passedThoughListed: passed }).toEqual({ failed: [], passedThoughListed: [] });
  const right = [...outcome.values()].filter((reason) => reason === undefined).length;
  console.log(`${expect.getState().currentTestName}: ${right} of ${outcome.size} right`);
}

async function bareOutcome(): Promise<Outcome> {
  const run = promisify(execFile);
  const script = join(process.env['PILOTLIGHT_TEST_DIST'] ?? '', 'bare.mjs');
  await run(process.execPath, [
    'node_modules/esbuild/bin/esbuild',
    'test/wide/bare.ts',
    '--bundle',
    '--format=esm',
    '--platform=node',
    '--external:onnxruntime-node',
    `--outfile=${script}`,
  ]);
  const { stdout } = await run(process.execPath, [script, ROOT], { maxBuffer: 10_000_000 });
  const failures = z.record(z.string(), z.string().nullable()).parse(JSON.parse(stdout));
  return new Map(Object.entries(failures).map(([name, reason]) => [name, reason ?? undefined]));
}

/** Registers a case's model and sends its inputs both ways. */
async function serve(
  url: string,
  entry: Case,
): Promise<{ binary: string | undefined; json: string | undefined }> {
  let exchanges: Exchange[];
  const model = entry.name.replace('/', '.').toLowerCase();
  try {
    exchanges = readExchanges(entry);
    const { status, document } = await register(url, model, await readFile(entry.modelFile));
    if (status !== 201) throw new Error(`registering: ${status} ${JSON.stringify(document)}`);
  } catch (error) {
    return { binary: messageOf(error), json: messageOf(error) };
  }
  const endpoint = `${url}/v2/models/${model}/infer`;
  return {
    binary: await failureOf(exchanges, (inputs) => inferBinary(endpoint, inputs)),
    json: await failureOf(exchanges, (inputs) => inferJson(endpoint, inputs)),
  };
}

async function failureOf(
  exchanges: readonly Exchange[],
  infer: (inputs: readonly Tensor[]) => Promise<Tensor[]>,
): Promise<string | undefined> {
  try {
    for (const { inputs, outputs } of exchanges) {
      const found = firstDifference(await infer(inputs), outputs);
      if (found) return found;
    }
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}

async function inferJson(endpoint: string, inputs: readonly Tensor[]): Promise<Tensor[]> {
  const response = await fetch(endpoint, { method: 'POST', body: jsonRequest(inputs) });
  const text = await response.text();
  if (!response.ok) throw new Error(`${response.status} ${text}`);
  return readJson(text);
}

async function inferBinary(endpoint: string, inputs: readonly Tensor[]): Promise<Tensor[]> {
  const { body, headerLength } = binaryRequest(inputs);
  const response = await fetch(endpoint, {
    method: 'POST',
    headers: { 'inference-header-content-length': String(headerLength) },
    body: Uint8Array.from(body),
  });
  const answer = Buffer.from(await response.arrayBuffer());
  if (!response.ok) throw new Error(`${response.status} ${answer.toString()}`);
  // Without a binary output (none asked for, or no outputs) the answer is JSON.
  const length = response.headers.get('inference-header-content-length');
  return length === null ? readJson(answer.toString()) : readBinary(answer, Number(length));
}
