import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { deleteModelFunction } from '../functions/delete-model.ts';
import { inferFunction } from '../functions/infer.ts';
import { registerModelFunction } from '../functions/register-model.ts';
import { validateRegistrationFunction } from '../functions/validate-registration.ts';
import { type App, compose } from '../shared/compose.ts';
import { parseConfig } from '../shared/config.ts';
import { UNTOLD } from '../shared/telemetry/operation.ts';
import { quietContext, send } from './memory-app.ts';
import { createMemoryStores } from './memory-stores.ts';

// Processes that follow each other on one disk: what one served last, the next has loaded.

const stores = createMemoryStores();
let scratchDir: string;
beforeAll(async () => {
  scratchDir = await mkdtemp(join(tmpdir(), 'pilotlight-preloading-'));
});
afterAll(() => rm(scratchDir, { recursive: true, force: true }));

/** Runs `use` in an instance of the app on the one disk, and lets it end in order. */
async function instance(use: (app: App) => Promise<void>): Promise<void> {
  const config = parseConfig({
    PILOTLIGHT_STORAGE: 'in memory',
    PILOTLIGHT_COSMOS: 'in memory',
    PILOTLIGHT_SCRATCH_DIR: scratchDir,
    PILOTLIGHT_VCPUS: '1',
    // jest's realm has arrays of its own, which the runtime doesn't know.
    PILOTLIGHT_MAX_INLINE_RUN_MS: '0',
  });
  const dist = pathToFileURL(`${process.env.PILOTLIGHT_TEST_DIST ?? 'dist'}/`);
  const app = compose(config, { dist, stores });
  try {
    await use(app);
  } finally {
    await app.close();
  }
}

async function register(app: App, model: string): Promise<void> {
  const body = await readFile('models/digits/model.onnx');
  const headers = { 'content-type': 'application/octet-stream' };
  await send(app, registerModelFunction, { path: '/', params: { model }, headers, body });
  for (const message of stores.messages.registrations.splice(0)) {
    await validateRegistrationFunction.handler(app, message, quietContext(), UNTOLD);
  }
}

async function ask(app: App, model: string): Promise<number> {
  const data = new Array<number>(64).fill(0.5);
  const input = { name: 'image', datatype: 'FP32', shape: [1, 1, 8, 8], data };
  const body = JSON.stringify({ inputs: [input] });
  return (await send(app, inferFunction, { path: '/', params: { model }, body })).status;
}

test('a process loads what the one before it served, if the registry still has it', async () => {
  await instance(async (app) => {
    for (const model of ['kept', 'gone', 'never-asked']) await register(app, model);
    expect(await ask(app, 'gone')).toBe(200);
    expect(await ask(app, 'kept')).toBe(200);
  });
  await instance(async (app) => {
    while (app.engine.loaded().length < 2) await sleep(5);
    const models = app.engine.loaded().map((key) => key.split('/')[0]);
    expect(models.sort()).toEqual(['gone', 'kept']);
    expect(await ask(app, 'kept')).toBe(200);
  });
  // Another instance deletes it.
  const other = await mkdtemp(join(tmpdir(), 'pilotlight-preloading-'));
  const own = scratchDir;
  scratchDir = other;
  await instance(async (app) => {
    const call = { path: '/?force=true', params: { model: 'gone' } };
    expect((await send(app, deleteModelFunction, call)).status).toBe(204);
  });
  await rm(other, { recursive: true, force: true });
  scratchDir = own;
  await instance(async (app) => {
    while (!app.engine.loaded().some((key) => key.startsWith('kept/'))) await sleep(5);
    expect(await ask(app, 'gone')).toBe(404);
    while (app.engine.loaded().some((key) => key.startsWith('gone/'))) await sleep(5);
    expect(await ask(app, 'kept')).toBe(200);
  });
});
