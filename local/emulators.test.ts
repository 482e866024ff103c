import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { CosmosClient } from '@azure/cosmos';
import { BlobServiceClient } from '@azure/storage-blob';
import { QueueServiceClient } from '@azure/storage-queue';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { endEmulators, type HeldEmulators, holdEmulators } from './emulator-client.ts';

const dist = process.env.PILOTLIGHT_TEST_DIST ?? '';
const entry = join(dist, 'emulators.mjs');

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pilotlight-emulators-'));
});
afterEach(async () => {
  for (const emulators of holds.splice(0)) emulators.release();
  await endEmulators(folder);
  await rm(folder, { recursive: true });
});

const holds: HeldEmulators[] = [];
async function hold(): Promise<HeldEmulators> {
  const emulators = await holdEmulators({ folder, entry });
  holds.push(emulators);
  return emulators;
}

function registry({ cosmos }: HeldEmulators) {
  return new CosmosClient({
    connectionString: cosmos,
    connectionPolicy: { enableEndpointDiscovery: false },
  })
    .database('pilotlight')
    .container('registry');
}

async function upload({ storage }: HeldEmulators, name: string, text: string) {
  const container = BlobServiceClient.fromConnectionString(storage).getContainerClient('artifacts');
  await container.getBlockBlobClient(name).upload(text, text.length);
}

async function download({ storage }: HeldEmulators, name: string) {
  const container = BlobServiceClient.fromConnectionString(storage).getContainerClient('artifacts');
  return (await container.getBlobClient(name).downloadToBuffer()).toString();
}

/** Another process that holds the emulators as a host does, without ever giving them back. */
async function otherHost(): Promise<{ child: ChildProcess; storage: string }> {
  const script = `
    const { connect } = require('node:net');
    const { readdirSync, readFileSync } = require('node:fs');
    const folder = process.argv[1];
    const file = readdirSync(folder).filter((name) => name.startsWith('emulators-')).sort().at(-1);
    const { port, token } = JSON.parse(readFileSync(folder + '/' + file, 'utf8'));
    const socket = connect(port, '127.0.0.1');
    socket.write(JSON.stringify({ hello: token }) + '\\n');
    socket.on('data', (data) => process.stdout.write(data));
  `;
  const child = spawn(process.execPath, ['-e', script, folder], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  return { child, storage: line };
}

/** Whether a file of the folder holds the text; one without its name yet doesn't count after a crash. */
async function isSaved(text: string): Promise<boolean> {
  const files = await readdir(folder, { withFileTypes: true });
  const held = await Promise.all(
    files
      .filter((file) => file.isFile() && !file.name.endsWith('.new'))
      .map((file) => readFile(join(folder, file.name), 'utf8').catch(() => '')),
  );
  return held.some((content) => content.includes(text));
}

describe('emulators', () => {
  test('stand with all that the app expects', async () => {
    const emulators = await hold();
    const blobs = BlobServiceClient.fromConnectionString(emulators.storage);
    const containers: string[] = [];
    for await (const { name } of blobs.listContainers()) containers.push(name);
    expect(containers).toEqual(['artifacts', 'batches', 'incoming', 'uploads']);
    const queues = QueueServiceClient.fromConnectionString(emulators.storage);
    for (const name of ['registrations', 'batch-chunks']) {
      expect((await queues.getQueueClient(name).getProperties()).approximateMessagesCount).toBe(0);
    }
    const { resource } = await registry(emulators).items.create({ id: 'a', model: 'm' });
    expect(resource).toMatchObject({ id: 'a', model: 'm' });
  });

  test('a second host joins those that run, also when both come at once', async () => {
    const [first, second] = await Promise.all([hold(), hold()]);
    const third = await hold();
    expect(second.storage).toBe(first.storage);
    expect(third).toMatchObject({ storage: first.storage, cosmos: first.cosmos });
    expect(await third.end()).toBe(false);
    first.release();
    second.release();
    await upload(third, 'still-there', 'yes');
    expect(await download(third, 'still-there')).toBe('yes');
  });

  test('end when their last host is killed, and a restart finds everything again', async () => {
    const first = await hold();
    await registry(first).items.create({ id: 'kept', model: 'm', n: 1 });
    await registry(first).item('kept', 'm').replace({ id: 'kept', model: 'm', n: 2 });
    const lines = Array.from({ length: 200 }, (_, n) => ({ id: `many-${n}`, model: 'm' }));
    for (const line of lines) await registry(first).items.create(line);
    await upload(first, 'kept', 'bytes');
    const { child } = await otherHost();
    first.release();
    child.kill('SIGKILL');
    await upload(first, 'after', 'the kill: the emulators live on for a while');
    await waitForEnd();

    const again = await hold();
    const { resource } = await registry(again).item('kept', 'm').read<{ n: number }>();
    expect(resource?.n).toBe(2);
    const { resources } = await registry(again)
      .items.query<{ id: string }>('SELECT c.id FROM c')
      .fetchAll();
    expect(resources).toHaveLength(201);
    expect(await download(again, 'kept')).toBe('bytes');
    expect(await download(again, 'after')).toMatch(/^the kill/);
  });

  test('a host that comes within the grace time joins, with nothing lost', async () => {
    const first = await hold();
    await upload(first, 'a', 'b');
    first.release();
    const second = await hold();
    expect(second.storage).toBe(first.storage);
    // Longer than the grace time: the countdown must have been stopped.
    await sleep(6_000);
    expect(await download(second, 'a')).toBe('b');
  });

  test('those that were killed are replaced, with the documents saved until then', async () => {
    const first = await hold();
    await registry(first).items.create({ id: 'saved', model: 'm' });
    // How often they save follows how long that takes.
    while (!(await isSaved('"saved"'))) await sleep(50);
    const { pid } = await theClaim();
    process.kill(pid, 'SIGKILL');
    await first.lost;
    const second = await hold();
    const { resource } = await registry(second).item('saved', 'm').read<{ id: string }>();
    expect(resource?.id).toBe('saved');
  });

  test('a claim that a crash left empty, or that another program answers, is passed over', async () => {
    await writeFile(join(folder, 'emulators-7.json'), '');
    const emulators = await hold();
    expect((await theClaim()).file).toBe('emulators-8.json');
    expect(await emulators.end()).toBe(true);
    const { createServer } = await import('node:http');
    const stranger = createServer((_, response) => response.end('hello')).listen(0, '127.0.0.1');
    await once(stranger, 'listening');
    const { port } = stranger.address() as { port: number };
    await writeFile(
      join(folder, 'emulators-9.json'),
      JSON.stringify({ pid: 1, port, token: 'theirs' }),
    );
    await hold();
    expect((await theClaim()).file).toBe('emulators-10.json');
    stranger.closeAllConnections();
    stranger.close();
  });

  test('that take connections but say nothing are not taken for ended', async () => {
    const { createServer } = await import('node:net');
    const mute = createServer().listen(0, '127.0.0.1');
    await once(mute, 'listening');
    const { port } = mute.address() as { port: number };
    const claim = join(folder, 'emulators-1.json');
    await writeFile(claim, JSON.stringify({ pid: 4_711, port, token: 'theirs' }));
    await expect(endEmulators(folder, 300)).rejects.toThrow(/\(process 4711\) don't answer/);
    mute.close();
    await rm(claim);
  });

  test('say why they did not start', async () => {
    await writeFile(join(folder, 'cosmos.json'), '{"databases": 7}');
    await expect(hold()).rejects.toThrow(
      /cosmos\.json: expected the saved documents of the Cosmos emulator; move it away/,
    );
  });
});

async function theClaim(): Promise<{ file: string; pid: number }> {
  const names = (await readdir(folder)).filter((name) => /^emulators-\d+\.json$/.test(name));
  expect(names).toHaveLength(1);
  const file = names[0] ?? '';
  const { pid } = JSON.parse(await readFile(join(folder, file), 'utf8')) as { pid: number };
  return { file, pid };
}

async function waitForEnd(): Promise<void> {
  const { pid } = await theClaim();
  for (;;) {
    try {
      process.kill(pid, 0);
    } catch {
      return;
    }
    await sleep(50);
  }
}
