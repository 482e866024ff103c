import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** The local host in a process of its own, as a user starts it. */
export interface RunningHost {
  readonly url: string;
  readonly dataDir: string;
  /** Everything it has printed so far. */
  readonly lines: readonly string[];
  readonly process: ChildProcess;
  /** Resolves with the first line that matches, printed or yet to come. */
  line(wanted: RegExp): Promise<string>;
  /** Ctrl-C, or another signal that asks it to end; resolves with its exit code. */
  stop(signal?: 'SIGINT' | 'SIGTERM'): Promise<number | null>;
  /** As a lost instance: nothing is drained. */
  kill(): Promise<void>;
}

export interface HostOptions {
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** The bundle; the test run's own by default. */
  readonly dist?: string;
  /** Keeps its data; a new folder by default. */
  readonly dataDir?: string;
}

/** Starts the bundled local host on a free port and waits until it serves. */
export async function startHost(options: HostOptions = {}): Promise<RunningHost> {
  const dist = options.dist ?? process.env.PILOTLIGHT_TEST_DIST;
  if (!dist) throw new Error('PILOTLIGHT_TEST_DIST: not set; the global setup bundles into it');
  const dataDir = options.dataDir ?? (await mkdtemp(join(tmpdir(), 'pilotlight-host-')));
  const child = spawn(
    process.execPath,
    [join(dist, 'local.mjs'), ...(options.args ?? ['--port', '0', '--no-samples'])],
    {
      env: { ...process.env, NODE_OPTIONS: '', DATA_DIR: dataDir, ...options.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  const lines: string[] = [];
  const listeners = new Set<() => void>();
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (line) => {
      lines.push(line);
      for (const listener of listeners) listener();
    });
  }
  const line = (wanted: RegExp): Promise<string> =>
    new Promise((resolve, reject) => {
      let seen = 0;
      const look = (): void => {
        for (; seen < lines.length; seen++) {
          const candidate = lines[seen] ?? '';
          if (!wanted.test(candidate)) continue;
          listeners.delete(look);
          resolve(candidate);
          return;
        }
        if (child.exitCode !== null || child.signalCode !== null) {
          listeners.delete(look);
          reject(
            new Error(`the host ended before it printed ${String(wanted)}:\n${lines.join('\n')}`),
          );
        }
      };
      listeners.add(look);
      child.once('close', look);
      look();
    });
  const exited = once(child, 'exit');
  const ready = await line(/http:\/\/127\.0\.0\.1:\d+/);
  const url = /http:\/\/127\.0\.0\.1:\d+/.exec(ready)?.[0] ?? '';
  return {
    url,
    dataDir,
    lines,
    process: child,
    line,
    async stop(signal = 'SIGINT') {
      child.kill(signal);
      await exited;
      return child.exitCode;
    },
    async kill() {
      child.kill('SIGKILL');
      await exited;
    },
  };
}

/** Stops a host and removes its data once the emulators have let go of it. */
export async function discard(host: RunningHost): Promise<void> {
  if (host.process.exitCode === null && host.process.signalCode === null) await host.stop();
  await rm(host.dataDir, { recursive: true, force: true, maxRetries: 10, retryDelay: 500 });
}
