import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type HeldEmulators, holdEmulators } from '../local/emulator-client.ts';
import { sumOf } from './journeys/telemetry-figures.ts';
import { graphAttribute, modelBytes, node, T, tensorValue } from './model-maker.ts';
import { FunctionsClient, told } from './stand-ins/functions-client.ts';
import { type FunctionsProcess, startFunctions } from './stand-ins/functions-process.ts';
import { type IngestionServer, startIngestionServer } from './stand-ins/ingestion-server.ts';

// A run can't be stopped. On Azure nobody looks at readiness, so the worker drains and ends itself;
// the host starts another.

let folder: string;
let emulators: HeldEmulators;
let worker: FunctionsProcess;
let client: FunctionsClient;
let service: IngestionServer;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pilotlight-stuck-'));
  const dist = process.env.PILOTLIGHT_TEST_DIST ?? '';
  const entry = join(dist, 'emulators.mjs');
  emulators = await holdEmulators({ folder: join(folder, 'data'), entry });
  service = await startIngestionServer();
  worker = await startFunctions({
    main: join(dist, 'main.mjs'),
    env: {
      PILOTLIGHT_STORAGE: emulators.storage,
      PILOTLIGHT_COSMOS: emulators.cosmos,
      PILOTLIGHT_SCRATCH_DIR: join(folder, 'scratch'),
      PILOTLIGHT_VCPUS: '2',
      PILOTLIGHT_MAX_RUN_MS: '1000',
      PILOTLIGHT_REQUEST_TIMEOUT_MS: '5000',
      APPLICATIONINSIGHTS_CONNECTION_STRING: service.connectionString,
      PILOTLIGHT_TELEMETRY_FLUSH_MS: '600000',
    },
  });
  client = new FunctionsClient(worker, emulators.storage);
});
afterAll(async () => {
  await worker.stop();
  await service.close();
  await emulators.end();
  await rm(folder, { recursive: true, force: true });
});

/** Adds 1 to 0 as often as `count` says: harmless when it is examined, endless when asked to be. */
function loopModel(): Uint8Array {
  const scalar = (name: string, type: number) => tensorValue(name, type, []);
  const body = {
    input: [scalar('i', T.INT64), scalar('go', T.BOOL), scalar('sum', T.INT64)],
    node: [node('Identity', ['go'], ['goes_on']), node('Add', ['sum', 'one'], ['more'])],
    output: [scalar('goes_on', T.BOOL), scalar('more', T.INT64)],
  };
  return modelBytes({
    input: [scalar('count', T.INT64)],
    initializer: [
      { name: 'zero', dataType: T.INT64, dims: [], int64Data: [0n] },
      { name: 'one', dataType: T.INT64, dims: [], int64Data: [1n] },
    ],
    node: [
      node('Loop', ['count', '', 'zero'], ['sum'], { attribute: [graphAttribute('body', body)] }),
    ],
    output: [scalar('sum', T.INT64)],
  });
}

const params = { model: 'loop' };
const infer = (count: string) =>
  client.call('POST', 'v2/models/{model}/infer', {
    params,
    body: Buffer.from(
      `{"inputs":[{"name":"count","datatype":"INT64","shape":[],"data":[${count}]}]}`,
    ),
  });

test('a run that never ends takes its process down, after the others are answered', async () => {
  const headers = { 'content-type': 'application/octet-stream' };
  const body = loopModel();
  const registered = await client.call('POST', 'models/{model}/versions', {
    params,
    headers,
    body,
  });
  expect(told(registered)).toMatchObject({ status: 202 });
  expect(await client.deliver('registrations')).toBe(1);
  expect(told(await infer('7'))).toMatchObject({ status: 200, json: { outputs: [{ data: [7] }] } });

  const stuck = infer('9000000000000000000').catch((error: unknown) => error);
  const other = infer('1000');
  expect(told(await other)).toMatchObject({ status: 200, json: { outputs: [{ data: [1000] }] } });

  expect(await worker.ended).toBe('SIGKILL');
  expect(worker.output()).toMatch(/ends itself: a model has been running for \d+ s/);
  // Its caller was told, the last of all.
  expect(await stuck).toMatchObject({ status: 504 });
  // Not before the end: what it did is told of all the same.
  const requests = (by: Record<string, string>) => sumOf(service.taken, 'pilotlight.requests', by);
  expect(requests({ model: 'loop', outcome: 'ok' })).toBe(2);
  expect(requests({ model: 'loop', outcome: 'deadlinePassed' })).toBe(1);
});
