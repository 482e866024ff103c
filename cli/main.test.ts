import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { Workbench } from './stand-ins/workbench.ts';

// The bundled command in a process of its own.

const entry = join(process.env.PILOTLIGHT_TEST_DIST ?? '', 'cli.mjs');

let bench: Workbench;
let child: ChildProcess | undefined;
beforeEach(async () => {
  bench = await new Workbench().open();
});
afterEach(async () => {
  child?.kill('SIGKILL');
  await bench.close();
});

function start(...args: string[]) {
  const env = { ...process.env, PILOTLIGHT_URL: bench.server.origin };
  const spawned = spawn(process.execPath, [entry, ...args], { env, cwd: bench.folder });
  child = spawned;
  return {
    process: spawned,
    ended: once(spawned, 'exit').then(([code]) => code as number | null),
    output: text(spawned.stdout),
    errors: text(spawned.stderr),
  };
}

/** Resolves once the server was asked for this. @throws Error when the command ended before */
async function asked(match: RegExp): Promise<void> {
  while (bench.server.of(match).length === 0) {
    if (child?.exitCode !== null) throw new Error(`it ended before it asked for ${match.source}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

test('scores a file and says so on standard error', async () => {
  await bench.file('churn.csv', 'row\na\n');
  const command = start('batch', 'churn.csv', '--model', 'churn', '--out', '-');
  expect(await command.ended).toBe(0);
  expect(await command.output).toBe('row,leaves\na,1\n');
  expect(await command.errors).toBe('job job1: churn\nscored 1 row in 10 s\n');
});

test('reads standard input to its end', async () => {
  bench.server.routes.set('POST /v2/models/digits/infer', ({ body }) => ({
    status: 200,
    body: { model_version: '1', outputs: [{ name: 'length', data: [body.byteLength] }] },
  }));
  const command = start('predict', 'digits', '--input', '-');
  command.process.stdin.end(`{"inputs": [], "pad": "${'x'.repeat(200_000)}"}`);
  expect(await command.ended).toBe(0);
  expect(await command.output).toContain(String(200_000 + '{"inputs": [], "pad": ""}'.length));
});

test('Ctrl-C cancels the job', async () => {
  bench.server.batches.isHeld = true;
  await bench.file('churn.csv', 'row\na\n');
  const command = start('batch', 'churn.csv', '--model', 'churn');
  await asked(/^GET \/batches\/job1$/);
  command.process.kill('SIGINT');
  expect(await command.ended).toBe(130);
  expect(bench.server.batches.jobs.map(({ state }) => state)).toEqual(['cancelled']);
  expect(await command.errors).toMatch(/cancelling job job1.*\nerror: job job1 is cancelled\n$/);
});

test('a second Ctrl-C leaves at once', async () => {
  bench.server.batches.isHeld = true;
  await bench.file('churn.csv', 'row\na\n');
  const command = start('batch', 'churn.csv', '--model', 'churn');
  await asked(/^GET \/batches\/job1$/);
  // The cancelling is asked to wait, so that it is not over too soon.
  bench.server.fail(/^DELETE/, { status: 503, headers: { 'retry-after': '60' }, body: {} });
  command.process.kill('SIGINT');
  await asked(/^DELETE/);
  command.process.kill('SIGINT');
  expect(await command.ended).toBe(130);
  expect(bench.server.of(/^DELETE/)).toHaveLength(1);
});

test('a mistake is told in words', async () => {
  const command = start('batch', 'nosuch.csv', '--model', 'churn');
  expect(await command.ended).toBe(2);
  expect(await command.errors).toBe('error: nosuch.csv: there is no such file\n');
});
