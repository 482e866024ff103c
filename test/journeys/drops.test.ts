import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { BlobServiceClient, type ContainerClient } from '@azure/storage-blob';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type HeldEmulators, holdEmulators } from '../../local/emulator-client.ts';
import { discard, type RunningHost, startHost } from './running-host.ts';

// Models dropped into the container, through the storage's own interface.

const POLL_MS = 250;
const MODEL = 'digits';
const FOLDER = `${MODEL}/2026 June`;

let host: RunningHost;
let emulators: HeldEmulators;
let storage: BlobServiceClient;
let incoming: ContainerClient;
beforeAll(async () => {
  host = await startHost();
  // Held here too, they outlive a host that is killed.
  emulators = await holdEmulators({
    folder: host.dataDir,
    entry: join(process.env.PILOTLIGHT_TEST_DIST ?? '', 'emulators.mjs'),
  });
  storage = BlobServiceClient.fromConnectionString(emulators.storage);
  incoming = storage.getContainerClient('incoming');
});
afterAll(async () => {
  emulators.release();
  await discard(host);
});

/** Drops a file; answers its ETag. */
async function drop(path: string, bytes: Uint8Array | string): Promise<string> {
  const { etag } = await incoming.getBlockBlobClient(path).uploadData(Buffer.from(bytes));
  return etag ?? '';
}

interface DropReport {
  readonly outcome: string;
  readonly version?: string;
  readonly reasons: string[];
  readonly etag: string;
  readonly href?: string;
  readonly report?: unknown;
  readonly rollout?: string;
}

/** The report on one state of a dropped model, once it is final. */
async function reportOn(path: string, etag: string): Promise<DropReport> {
  const blob = incoming.getBlobClient(`${path}.report.json`);
  for (;;) {
    if (await blob.exists()) {
      const report = JSON.parse((await blob.downloadToBuffer()).toString()) as DropReport;
      if (report.etag === etag && report.outcome !== 'waiting') return report;
    }
    if (host.process.exitCode !== null) throw new Error(host.lines.join('\n'));
    await sleep(POLL_MS);
  }
}

async function get(path: string): Promise<Record<string, unknown>> {
  const response = await fetch(`${host.url}${path}`);
  expect([path, response.status]).toEqual([path, 200]);
  return (await response.json()) as Record<string, unknown>;
}
const eventsOf = async (model: string) =>
  (await get(`/models/${model}/events`)).events as { type: string; who: string }[];

const card = async (policy: string): Promise<string> => {
  const own = JSON.parse(await readFile('models/digits/card.json', 'utf8')) as object;
  return JSON.stringify({ ...own, policy });
};
const fixture = (name: string) => readFile(`test/fixtures/rollout/${name}.onnx`);

describe('a model dropped into its folder', () => {
  let first: string;

  test('with card and evaluation beside it becomes a version, is examined, and takes production', async () => {
    await drop(`${FOLDER}/card.json`, await card('immediate'));
    await drop(`${FOLDER}/evaluation.csv`, await readFile('models/digits/evaluation.csv'));
    first = await drop(`${FOLDER}/model.onnx`, await fixture('plain'));
    const report = await reportOn(`${FOLDER}/model.onnx`, first);
    expect(report).toMatchObject({ outcome: 'production', version: '1' });
    expect(await get(`/models/${MODEL}`)).toMatchObject({ routing: { production: '1' } });
    expect(await get(`/models/${MODEL}/versions/1`)).toMatchObject({
      state: 'ready',
      card: { policy: 'immediate', label: 'label' },
    });
    expect(report.report).toMatchObject({ outcome: 'ready', version: '1' });
    expect(await get(report.href ?? '')).toEqual(report.report);
    expect(await eventsOf(MODEL)).toMatchObject([
      { type: 'registered', who: 'drop', figures: { dropped: `${FOLDER}/model.onnx` } },
      { type: 'ready' },
      { type: 'routed' },
    ]);
  });

  test('told of again, by a host that remembers nothing, it changes nothing', async () => {
    const before = [await eventsOf(MODEL), await get(`/models/${MODEL}`)];
    await drop(`${FOLDER}/card.json`, await card('canary'));
    const receipts = storage.getContainerClient('azure-webjobs-hosts');
    for await (const { name } of receipts.listBlobsFlat()) await receipts.deleteBlob(name);
    await host.kill();
    host = await startHost({ dataDir: host.dataDir });
    await host.line(/drop-model.*2026 June\/model\.onnx/);
    await host.line(/2026 June\/model\.onnx as version 1: production/);
    expect([await eventsOf(MODEL), await get(`/models/${MODEL}`)]).toEqual(before);
    await drop(`${FOLDER}/card.json`, await card('immediate'));
  });

  test('in place of it, with the policy `immediate`, the next one takes production', async () => {
    const etag = await drop(`${FOLDER}/model.onnx`, await fixture('better'));
    const report = await reportOn(`${FOLDER}/model.onnx`, etag);
    expect(report).toMatchObject({ outcome: 'production', version: '2' });
    expect(await get(`/models/${MODEL}`)).toMatchObject({ routing: { production: '2' } });
    expect(await get(`/models/${MODEL}/rollouts/${report.rollout ?? ''}`)).toMatchObject({
      state: 'completed',
      version: '2',
      from: '1',
    });
    const events = await eventsOf(MODEL);
    expect(events.filter(({ type }) => type === 'rolloutStarted')).toMatchObject([{ who: 'drop' }]);
  });
});

describe('what can not be served', () => {
  test('a broken file is rejected and stays, with its report beside it', async () => {
    const path = `broken/model (1) 100%.onnx`;
    const report = await reportOn(path, await drop(path, 'this is no ONNX file'));
    expect(report).toMatchObject({ outcome: 'rejected', version: '1' });
    expect(report.reasons.length).toBeGreaterThan(0);
    expect(report.report).toMatchObject({ outcome: 'rejected', reasons: report.reasons });
    expect(await get(report.href ?? '')).toEqual(report.report);
    expect(await incoming.getBlobClient(path).exists()).toBe(true);
  });

  test('an empty file, a wrong card and a folder that names no model are refused', async () => {
    const empty = await drop('empty/model.onnx', '');
    expect(await reportOn('empty/model.onnx', empty)).toMatchObject({ outcome: 'refused' });
    await drop('wrong/card.json', '{"policy": "now"}');
    const wrong = await drop('wrong/model.onnx', await fixture('plain'));
    const { reasons } = await reportOn('wrong/model.onnx', wrong);
    expect(reasons.join()).toContain('policy');
    const nameless = await drop('No Model/model.onnx', await fixture('plain'));
    expect(await reportOn('No Model/model.onnx', nameless)).toMatchObject({ outcome: 'refused' });
    for (const model of ['empty', 'wrong']) {
      expect((await fetch(`${host.url}/models/${model}`)).status).toBe(404);
    }
  });
});

describe('the command `npm run drop`', () => {
  const run = async (...args: string[]) => {
    const command = join(process.env.PILOTLIGHT_TEST_DIST ?? '', 'drop.mjs');
    const child = spawn(process.execPath, [command, ...args], {
      env: { ...process.env, NODE_OPTIONS: '', DATA_DIR: host.dataDir },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let told = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => (told += chunk.toString()));
    }
    const [code] = (await once(child, 'close')) as [number | null];
    return { code, told };
  };

  test('puts a model, its card and its rows into the emulators of the host that runs', async () => {
    const { code, told } = await run(
      'by-command',
      'models/digits/model.onnx',
      ...['--card', 'models/digits/card.json'],
      ...['--evaluation', 'models/digits/evaluation.csv', '--folder', 'a'],
    );
    expect(told.trim().split('\n')).toEqual(
      ['card.json', 'evaluation.csv', 'model.onnx'].map((name) => `incoming/by-command/a/${name}`),
    );
    expect(code).toBe(0);
    const { etag } = await incoming.getBlobClient('by-command/a/model.onnx').getProperties();
    const report = await reportOn('by-command/a/model.onnx', etag ?? '');
    expect(report).toMatchObject({ outcome: 'production', version: '1' });
  });

  test.each([
    [[], 'expected a model and one file, got nothing'],
    [['digits', 'model.pb'], 'expected a file *.onnx, got model.pb'],
    [['digits', 'model.onnx', '--cart', 'x'], '--cart'],
  ])('%j is told what it should be', async (args, message) => {
    const { code, told } = await run(...args);
    expect(told).toContain(message);
    expect(told).toContain('Usage: npm run drop');
    expect(code).toBe(2);
  });

  test('a file that is not there leaves nothing behind', async () => {
    const { code, told } = await run('by-command', 'no-such.onnx', '--folder', 'b');
    expect([code, told]).toEqual([1, expect.stringContaining('no-such.onnx')]);
    for await (const { name } of incoming.listBlobsFlat({ prefix: 'by-command/b' })) {
      throw new Error(`it left ${name}`);
    }
  });
});
