import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import * as z from 'zod';
import { discard, type RunningHost, startHost } from '../journeys/running-host.ts';
import { type Case, listCases } from './onnx-cases.ts';
import { type Outcome, serveAll } from './over-http.ts';

// The ONNX backend suite (Debian's libonnx-testdata 1.12): what the bare runtime answers right is
// answered right over HTTP too, in JSON and in binary. What isn't stands in the list of exceptions,
// by name and with its reason; the list may only shrink.

const ROOT = process.env['ONNX_TESTDATA'] ?? '/usr/share/libonnx-testdata/data';

/** `varies`: random draws and what depends on the machine may as well pass. */
const exceptionsSchema = z.array(
  z.strictObject({
    reason: z.string(),
    varies: z.boolean().optional(),
    cases: z.array(z.string()),
  }),
);

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
  let binary: Outcome;
  let json: Outcome;

  beforeAll(async () => {
    host = await startHost();
    ({ binary, json } = await serveAll(host.url, cases));
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
