import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { inferFunction, inferVersionFunction } from '../functions/infer.ts';
import { registerModelFunction } from '../functions/register-model.ts';
import { routeTrafficFunction } from '../functions/route-traffic.ts';
import { validateRegistrationFunction } from '../functions/validate-registration.ts';
import { type App, compose } from '../shared/compose.ts';
import { parseConfig } from '../shared/config.ts';
import { UNTOLD } from '../shared/telemetry/operation.ts';
import { quietContext, send } from './memory-app.ts';
import { createMemoryStores } from './memory-stores.ts';

// Two real versions of digits side by side: what is counted of them is what they answer when they
// are asked one by one.

const ROWS = 120;
const model = 'digits';
const stores = createMemoryStores();
let scratchDir: string;
let app: App;
let rows: number[][];
const own: Record<'production' | 'candidate', string[]> = { production: [], candidate: [] };

beforeAll(async () => {
  scratchDir = await mkdtemp(join(tmpdir(), 'live-answers-'));
  app = compose(
    parseConfig({
      PILOTLIGHT_STORAGE: 'in memory',
      PILOTLIGHT_COSMOS: 'in memory',
      PILOTLIGHT_SCRATCH_DIR: scratchDir,
      PILOTLIGHT_VCPUS: '1',
      // jest's realm has arrays of its own, which the runtime doesn't know.
      PILOTLIGHT_MAX_INLINE_RUN_MS: '0',
    }),
    { dist: pathToFileURL(`${process.env['PILOTLIGHT_TEST_DIST'] ?? 'dist'}/`), stores },
  );
  const [, ...lines] = (await readFile('models/digits/evaluation.csv', 'utf8')).trim().split('\n');
  rows = lines.slice(0, ROWS).map((line) => line.split(',').slice(0, 64).map(Number));
  await register('plain');
  await register('shuffled');
  await register('erring');
  for (const row of rows) {
    own.production.push((await ask(row, { version: '1' })).label);
    own.candidate.push((await ask(row, { version: '2' })).label);
  }
});
afterAll(async () => {
  await app.close();
  await rm(scratchDir, { recursive: true, force: true });
});

async function register(name: string): Promise<void> {
  const body = await readFile(`test/fixtures/rollout/${name}.onnx`);
  const headers = { 'content-type': 'application/octet-stream' };
  await send(app, registerModelFunction, { path: '/', params: { model }, headers, body });
  for (const message of stores.messages.registrations.splice(0)) {
    await validateRegistrationFunction.handler(app, message, quietContext(), UNTOLD);
  }
}

async function route(routing: unknown): Promise<string> {
  const { status } = await send(app, routeTrafficFunction, {
    path: '/',
    params: { model },
    headers: { 'content-type': 'application/json', 'if-match': '*' },
    body: JSON.stringify(routing),
  });
  expect(status).toBe(200);
  const record = (await stores.registry.readModel(model as never))?.value;
  return `${model}~${record?.incarnation}~${record?.generation}`;
}

async function ask(
  row: readonly number[],
  { version, key }: { version?: string; key?: string } = {},
): Promise<{ label: string; version: string | undefined }> {
  const inputs = [{ name: 'image', datatype: 'FP32', shape: [1, 1, 8, 8], data: row }];
  const { status, headers, body } = await send(
    app,
    version === undefined ? inferFunction : inferVersionFunction,
    {
      path: '/',
      params: { model, ...(version !== undefined && { version }) },
      headers: key === undefined ? {} : { 'x-routing-key': key },
      body: JSON.stringify({ inputs }),
    },
  );
  expect(status).toBe(200);
  const { outputs } = JSON.parse(Buffer.from(body as Uint8Array).toString()) as {
    outputs: { name: string; data: unknown[] }[];
  };
  const label = String(outputs.find(({ name }) => name === 'label')?.data[0]);
  return { label, version: headers?.['x-model-version'] };
}

/** What this one instance has counted. */
async function counted(key: string) {
  await app.recorder.flush();
  return (await stores.counters.list(key, 0))[0];
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await sleep(1);
}

const tally = (labels: readonly string[]) =>
  Object.fromEntries(
    [...new Set(labels)].map((label) => [label, labels.filter((one) => one === label).length]),
  );

test('a shadow is counted by what it would have answered', async () => {
  const key = await route({ production: 1, shadow: { version: 2, percent: 100 } });
  for (const [index, row] of rows.entries()) {
    expect(await ask(row)).toEqual({ label: own.production[index], version: '1' });
    // A copy is dropped where others wait: here nobody does.
    await until(async () => ((await counted(key))?.shadow.compared ?? 0) > index);
  }
  const found = await counted(key);
  const disagreed = rows.filter((_, index) => own.production[index] !== own.candidate[index]);
  expect(disagreed.length).toBeGreaterThan(0);
  expect(found?.shadow).toMatchObject({
    compared: ROWS,
    disagreed: disagreed.length,
    dropped: 0,
    numbers: 10 * ROWS,
  });
  expect(found?.shadow.distanceSum).toBeGreaterThan(found?.shadow.distanceMax ?? 0);
  expect(found?.answers.candidate).toMatchObject(tally(own.candidate));
});

test('what a shadow fails on is its error, and nobody hears of it', async () => {
  const key = await route({ production: 1, shadow: { version: 3, percent: 100 } });
  const errors = async () =>
    (await counted(key))?.blocks.reduce((sum, { candidate }) => sum + candidate.errors, 0);
  const [row = []] = rows;
  expect(await ask(row)).toEqual({ label: own.production[0], version: '1' });
  await until(async () => ((await counted(key))?.shadow.compared ?? 0) > 0);
  expect(await errors()).toBe(0);
  // It fails on ink in the first pixel.
  expect((await ask(row.with(0, 1))).version).toBe('1');
  await until(async () => (await errors()) === 1);
  expect((await counted(key))?.shadow).toMatchObject({ compared: 1, dropped: 0 });
});

test('a candidate is counted by what it answered', async () => {
  const key = await route({ production: 1, candidate: { version: 2, percent: 50 } });
  const answered: Record<string, string[]> = { 1: [], 2: [] };
  for (const [index, row] of rows.entries()) {
    const { label, version = '' } = await ask(row, { key: `caller ${index}` });
    expect(label).toBe((version === '1' ? own.production : own.candidate)[index]);
    answered[version]?.push(label);
  }
  const found = await counted(key);
  expect(found?.answers.production).toMatchObject(tally(answered[1] ?? []));
  expect(found?.answers.candidate).toMatchObject(tally(answered[2] ?? []));
  const requests = (arm: 'production' | 'candidate') =>
    found?.blocks.reduce((sum, block) => sum + block[arm].requests, 0);
  expect([requests('production'), requests('candidate')]).toEqual([
    answered[1]?.length,
    answered[2]?.length,
  ]);
  expect(found?.shadow.compared).toBe(0);
});
