import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { BlobServiceClient } from '@azure/storage-blob';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { holdEmulators } from '../../local/emulator-client.ts';
import { type IngestionServer, startIngestionServer } from '../stand-ins/ingestion-server.ts';
import { register, sample } from './client.ts';
import { call } from './rollout-client.ts';
import { discard, type RunningHost, startHost } from './running-host.ts';
import { newTrace, steps, sumOf } from './telemetry-figures.ts';

// An instance that is stopped before it has sent anything.

let service: IngestionServer;
let host: RunningHost;
beforeAll(async () => {
  service = await startIngestionServer();
  host = await start();
  for (const model of ['digits', 'gone']) await register(host.url, model, await sample('digits'));
});
afterAll(async () => {
  await discard(host);
  await service.close();
});

const start = (dataDir?: string): Promise<RunningHost> =>
  startHost({
    env: {
      APPLICATIONINSIGHTS_CONNECTION_STRING: service.connectionString,
      PILOTLIGHT_TELEMETRY_FLUSH_MS: '600000',
    },
    ...(dataDir !== undefined && { dataDir }),
  });

const tensor = { name: 'image', datatype: 'FP32', shape: [1, 1, 8, 8], data: Array(64).fill(0.5) };
const predict = (model: string, headers: Readonly<Record<string, string>> = {}) =>
  call('POST', `${host.url}/v2/models/${model}/infer`, { inputs: [tensor] }, headers);

/** The next instance; what the last one had on disk is gone, and a model's file is from storage. */
async function loseFileOf(model: string): Promise<void> {
  const emulators = await holdEmulators({
    folder: host.dataDir,
    entry: join(process.env.PILOTLIGHT_TEST_DIST ?? '', 'emulators.mjs'),
  });
  try {
    await host.stop();
    await rm(join(host.dataDir, 'scratch'), { recursive: true, force: true });
    const artifacts = BlobServiceClient.fromConnectionString(emulators.storage).getContainerClient(
      'artifacts',
    );
    for await (const { name } of artifacts.listBlobsFlat({ prefix: `${model}/` })) {
      await artifacts.deleteBlob(name);
    }
    host = await start(host.dataDir);
  } finally {
    emulators.release();
  }
}

test('sends all of it when it is stopped: what was answered, and what failed on our side', async () => {
  await loseFileOf('gone');
  const before = service.requests.length;
  const { traceId, spanId, headers } = newTrace();
  expect((await predict('gone', headers)).status).toBe(503);
  for (let i = 0; i < 25; i++) expect((await predict('digits')).status).toBe(200);
  expect(service.requests).toHaveLength(before);

  const stopped = host.stop('SIGTERM');
  const exceptions = () => service.taken.filter(({ data }) => data.baseType === 'ExceptionData');
  await service.until(() => exceptions().length > 0);
  const requests = (by: Record<string, string>) => sumOf(service.taken, 'pilotlight.requests', by);
  expect(requests({ model: 'digits', outcome: 'ok' })).toBe(25);
  expect(requests({ model: 'gone', outcome: 'damaged' })).toBe(1);
  const operation = steps(service.taken, traceId);
  expect(operation).toMatchObject([
    { name: 'infer', parentId: spanId, success: false, resultCode: 'damaged' },
  ]);
  expect(exceptions()).toMatchObject([
    {
      sampleRate: 100,
      tags: { 'ai.operation.id': traceId, 'ai.operation.parentId': operation[0]?.id },
      data: {
        baseData: {
          problemId: 'damaged ServingError',
          exceptions: [{ message: 'damaged', stack: expect.stringContaining('    at ') }],
        },
      },
    },
  ]);
  // What a stack begins with may quote what a caller sent.
  expect(JSON.stringify(exceptions())).not.toContain('not in storage');
  // Its last words are not for the next test.
  expect(await stopped).toBe(0);
});

test('ends in time though the service never answers', async () => {
  host = await start(host.dataDir);
  expect((await predict('digits')).status).toBe(200);
  service.answer('hang', 'hang', 'hang');
  const before = performance.now();
  expect(await host.stop()).toBe(0);
  expect(performance.now() - before).toBeLessThan(8_000);
});
