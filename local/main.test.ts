import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { endEmulators } from './emulator-client.ts';

const entry = join(process.env.PILOTLIGHT_TEST_DIST ?? '', 'local.mjs');

let folder: string;
const children: HostProcess[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pilotlight-main-'));
});
afterEach(async () => {
  for (const { child } of children.splice(0)) {
    child.kill('SIGKILL');
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  }
  await endEmulators(folder);
  await rm(folder, { recursive: true });
});

/** A running host and everything it has said. */
class HostProcess {
  readonly child: ChildProcess;
  said = '';
  readonly exit: Promise<unknown[]>;

  constructor(args: string[], env: Record<string, string> = {}) {
    this.child = spawn(process.execPath, [entry, ...args], {
      env: { PATH: process.env.PATH, DATA_DIR: folder, PORT: '0', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream?.on('data', (chunk: Buffer) => (this.said += chunk.toString()));
    }
    this.exit = once(this.child, 'close');
    children.push(this);
  }

  /** The match, once it has been said. */
  async says(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const match = pattern.exec(this.said);
      if (match) return match;
      if (this.child.exitCode !== null || this.child.signalCode !== null) {
        throw new Error(`ended having said: ${this.said}`);
      }
      await sleep(20);
    }
  }

  async base(): Promise<string> {
    return (await this.says(/listens on (http:\S+)/))[1] ?? '';
  }
}

describe('npm start', () => {
  test('registers the samples once, and the curls that it prints answer', async () => {
    const first = new HostProcess([]);
    await first.says(/4 sample models answer/);
    const curls = first.said.split('\n').filter((line) => line.startsWith('curl '));
    expect(curls).toHaveLength(4);
    for (const curl of curls) {
      const { stdout } = await promisify(execFile)('sh', ['-c', curl]);
      const { outputs } = JSON.parse(stdout) as { outputs: { name: string }[] };
      expect(outputs.map(({ name }) => name)).toEqual(['label', 'probabilities']);
    }
    const base = await first.base();
    await fetch(`${base}/models/churn?force=true`, { method: 'DELETE' });
    first.child.kill('SIGINT');
    expect(await first.exit).toEqual([0, null]);

    const second = new HostProcess([]);
    await second.says(/3 sample models answer/);
    expect(second.said).not.toMatch(/POST/);
    const digits = await fetch(`${await second.base()}/models/digits/versions`);
    expect(await digits.json()).toMatchObject({ versions: [{ version: '1', state: 'ready' }] });
  });

  test('killed, it leaves everything to the next', async () => {
    const first = new HostProcess([]);
    await first.says(/4 sample models answer/);
    first.child.kill('SIGKILL');
    await first.exit;
    // Long enough for the emulators to have ended.
    await sleep(8_000);
    const second = new HostProcess([]);
    await second.says(/4 sample models answer/);
    expect(second.said).not.toMatch(/POST/);
  });

  test('--fresh forgets what was kept, but nothing of anyone else’s', async () => {
    await writeFile(join(folder, 'theirs.txt'), 'keep');
    const first = new HostProcess(['--no-samples']);
    const model = (await first.base()) + '/models/m/versions';
    const { status } = await fetch(model, {
      method: 'POST',
      headers: { 'content-type': 'application/octet-stream' },
      body: 'not a model, but registered all the same',
    });
    expect([202, 422]).toContain(status);
    const refused = new HostProcess(['--fresh']);
    expect(await refused.exit).toEqual([1, null]);
    expect(refused.said).toMatch(/^error: --fresh: another host uses .*; stop it first.*\n$/);
    first.child.kill('SIGTERM');
    expect(await first.exit).toEqual([0, null]);
    const second = new HostProcess(['--fresh', '--no-samples']);
    const models = await fetch(`${await second.base()}/models`);
    expect(await models.json()).toEqual({ models: [] });
    expect(await readdir(folder)).toContain('theirs.txt');
  });
});

test('Ctrl-C waits for what is in flight, a second one does not', async () => {
  for (const again of [false, true]) {
    const host = new HostProcess(['--no-samples']);
    const base = new URL(await host.base());
    const socket = connect(Number(base.port), base.hostname);
    let answer = '';
    socket.on('error', () => undefined).on('data', (data) => (answer += data.toString()));
    socket.write(
      'POST /models/m/versions HTTP/1.1\r\nhost: x\r\ncontent-type: application/octet-stream\r\ncontent-length: 6\r\nexpect: 100-continue\r\n\r\n',
    );
    while (!answer.includes('100 Continue')) await sleep(10);
    host.child.kill('SIGINT');
    await host.says(/interrupted: what is in flight ends first/);
    await expect(fetch(`${base.href}v2`)).rejects.toThrow();
    if (again) {
      host.child.kill('SIGINT');
      expect(await host.exit).toEqual([null, 'SIGKILL']);
    } else {
      socket.write('abcdef');
      expect(await host.exit).toEqual([0, null]);
      expect(answer).toMatch(/HTTP\/1\.1 202 .*"state":"pending"/s);
    }
    socket.destroy();
  }
});

test('Ctrl-C while the samples are being registered ends in order', async () => {
  const host = new HostProcess([]);
  await host.says(/warmup start done/);
  host.child.kill('SIGINT');
  expect(await host.exit).toEqual([0, null]);
  expect(host.said).not.toContain('error');
});

describe('what goes wrong is said in one line', () => {
  test('a port that is taken', async () => {
    const first = new HostProcess(['--no-samples']);
    const port = new URL(await first.base()).port;
    const second = new HostProcess([], { PORT: port });
    expect(await second.exit).toEqual([1, null]);
    expect(second.said).toBe(
      `error: port ${port} is taken; set PORT=… to another one, or stop what listens there\n`,
    );
  });

  test.each([
    [['--wrong'], {}, 2, /^error: Unknown option '--wrong'.* --help lists the flags\n$/],
    [[], { PORT: 'x' }, 2, /^error: PORT: expected a whole number .*\n$/],
    [[], { PILOTLIGHT_VCPUS: 'many' }, 1, /^error: PILOTLIGHT_VCPUS: held "many"; .*\n$/],
    [
      [],
      { PILOTLIGHT_STORAGE: 'x' },
      1,
      /^error: PILOTLIGHT_COSMOS__accountEndpoint: not set\. .*\n$/,
    ],
    [['--help'], {}, 0, /^Usage: npm start/],
  ])('%j with %j', async (args, env, code, said) => {
    const host = new HostProcess(args, env);
    expect(await host.exit).toEqual([code, null]);
    expect(host.said).toMatch(said);
  });
});
