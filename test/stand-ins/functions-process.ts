import { type ChildProcess, fork } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import type { WorkerRequest } from './functions-worker.ts';

export interface FunctionsProcess {
  /** Of the Node that runs it, e.g. `v22.1.0`. */
  readonly node: string;
  /** Whether HTTP goes through the worker's own server. */
  readonly proxied: boolean;
  ask(request: WorkerRequest): Promise<unknown>;
  /** Resolves to the signal or exit code with which it ended. */
  readonly ended: Promise<string | number>;
  /** What it wrote to stdout and stderr. */
  output(): string;
  stop(): Promise<void>;
}

/** Loads an app's main module as the Functions worker would, in a process of its own. */
export async function startFunctions(options: {
  main: string;
  env?: Readonly<Record<string, string>>;
  /** The Node to run it; the one that runs the test when left out. */
  node?: string;
  cwd?: string;
}): Promise<FunctionsProcess> {
  const folder = await mkdtemp(join(tmpdir(), 'pilotlight-worker-'));
  const file = join(folder, 'functions-worker.mjs');
  await build({
    entryPoints: [join(__dirname, 'functions-worker.ts')],
    outfile: file,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
  });
  const child = fork(file, [options.main], {
    execPath: options.node ?? process.execPath,
    execArgv: [],
    cwd: options.cwd ?? folder,
    env: { PATH: process.env.PATH, ...options.env },
    serialization: 'advanced',
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
  }
  const ended = new Promise<string | number>((resolve) => {
    // By then all that it wrote is here.
    child.once('close', (code, signal) => {
      resolve(signal ?? code ?? 0);
    });
  });
  const { expect, ask } = conversation(child, () => output);
  const stop = async () => {
    child.kill('SIGKILL');
    await ended;
    await rm(folder, { recursive: true, force: true });
  };
  try {
    const hello = (await expect(0)) as { node: string; proxied: boolean };
    return { ...hello, ask, ended, output: () => output, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function conversation(child: ChildProcess, output: () => string) {
  interface Waiter {
    resolve(value: unknown): void;
    reject(error: Error): void;
  }
  const waiting = new Map<number, Waiter>();
  let next = 1;
  let gone: Error | undefined;
  const expect = (id: number) =>
    new Promise<unknown>((resolve, reject) => {
      if (gone) reject(gone);
      else waiting.set(id, { resolve, reject });
    });
  child.on('message', (message: { id: number; value?: unknown; error?: string }) => {
    const waiter = waiting.get(message.id);
    waiting.delete(message.id);
    if (message.error === undefined) waiter?.resolve(message.value);
    else waiter?.reject(new Error(message.error));
  });
  child.on('exit', (code, signal) => {
    gone = new Error(`the worker ended (${signal ?? code ?? ''}):\n${output()}`);
    for (const waiter of waiting.values()) waiter.reject(gone);
    waiting.clear();
  });
  return {
    expect,
    ask: (request: WorkerRequest) => {
      const id = next++;
      const reply = expect(id);
      child.send({ id, request });
      return reply;
    },
  };
}
