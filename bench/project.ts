import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Child } from './child.ts';
import { portIn } from './listening.ts';

/** A build of this project. */
export interface Build {
  /** As columns call it. */
  readonly name: string;
  /** Its folder of bundled entries. */
  readonly dist: string;
  /** Settings that it is measured with. */
  readonly env?: Readonly<Record<string, string>>;
}

export interface ProjectOptions {
  readonly build: Build;
  readonly dataDir: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly probed?: boolean;
}

/** The local host, as a user starts it. */
export interface Project {
  readonly child: Child;
  readonly port: number;
}

/** As `npm start` has them. */
export const NODE_ARGS = ['--initial-old-space-size=128'];

export async function startProject(options: ProjectOptions): Promise<Project> {
  const child = new Child({
    file: join(options.build.dist, 'local.mjs'),
    args: ['--quiet', '--no-samples', '--port', '0'],
    nodeArgs: NODE_ARGS,
    env: { DATA_DIR: options.dataDir, ...options.build.env, ...options.env },
    probed: options.probed ?? false,
  });
  return { child, port: await child.line(portIn) };
}

/** Runs `work` with an empty folder for data, which is removed afterwards. */
export async function withDataDir<Result>(
  work: (dataDir: string) => Promise<Result>,
): Promise<Result> {
  const dataDir = await mkdtemp(join(tmpdir(), 'pilotlight-bench-'));
  try {
    return await work(dataDir);
  } finally {
    // The emulators save some seconds after their last host has ended.
    await rm(dataDir, { recursive: true, force: true, maxRetries: 10, retryDelay: 500 });
  }
}

/** Registers a version through the public interface; its number. @throws Error unless it is ready */
export async function register(
  port: number,
  model: string,
  bytes: Uint8Array<ArrayBuffer>,
): Promise<string> {
  const document = await call(port, `/models/${model}/versions`, {
    method: 'POST',
    headers: { 'content-type': 'application/octet-stream', prefer: 'wait=60' },
    body: bytes,
  });
  const { state, version } = document as { state?: string; version?: string };
  if (state === 'ready' && version) return version;
  throw new Error(`${model}: expected it to be ready, got ${JSON.stringify(document)}`);
}

export async function routeTo(port: number, model: string, version: string): Promise<void> {
  const body = JSON.stringify({ production: version });
  await call(port, `/models/${model}/routing`, { method: 'PUT', body });
}

export async function load(port: number, model: string): Promise<void> {
  await call(port, `/v2/repository/models/${model}/load`, { method: 'POST' });
}

export async function unload(port: number, model: string): Promise<void> {
  await call(port, `/v2/repository/models/${model}/unload`, { method: 'POST' });
}

async function call(port: number, path: string, init: RequestInit): Promise<unknown> {
  const response = await fetch(`http://127.0.0.1:${port}${path}`, init);
  const text = await response.text();
  if (!response.ok) throw new Error(`${path}: ${response.status} ${text}`);
  return text === '' ? undefined : JSON.parse(text);
}
