import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Answer, Ask } from './asks.ts';
import { PROBE_VARIABLE } from './probe-variable.ts';

const bin = new URL('.', import.meta.url);
const running = new Set<Child>();
let mayStart = true;

export interface ChildOptions {
  /** The bundled file to run. */
  readonly file: string;
  readonly args?: readonly string[];
  /** Node's own. */
  readonly nodeArgs?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Whether its event loop is watched. */
  readonly probed?: boolean;
}

/** A process that the benchmark started. */
export class Child {
  readonly pid: number;
  readonly #file: string;
  readonly #process: ChildProcess;
  readonly #lines: string[] = [];
  #stopping = false;
  readonly #exited: Promise<unknown>;

  constructor({ file, args = [], nodeArgs = [], env, probed }: ChildOptions) {
    if (!mayStart) throw new Error('interrupted');
    this.#file = file;
    const preload = probed ? ['--import', fileOf('probe')] : [];
    this.#process = spawn(process.execPath, [...nodeArgs, ...preload, file, ...args], {
      env: { ...process.env, NODE_OPTIONS: '', ...(probed && { [PROBE_VARIABLE]: '1' }), ...env },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      serialization: 'advanced',
    });
    this.pid = this.#process.pid ?? 0;
    this.#exited = once(this.#process, 'exit').finally(() => running.delete(this));
    running.add(this);
    this.#process.once('exit', (code, signal) => {
      if (this.#stopping || code === 0) return;
      console.error(`${file} ended (${signal ?? code}):\n${this.#lines.slice(-20).join('\n')}`);
    });
    for (const stream of [this.#process.stdout, this.#process.stderr]) {
      if (!stream) continue;
      createInterface({ input: stream }).on('line', (line) => {
        this.#lines.push(line);
        this.#process.emit('line', line);
      });
    }
  }

  /** Ends every process that was started and still runs. */
  static async stopAll(): Promise<void> {
    await Promise.all([...running].map((child) => child.stop()));
  }

  /** Ends them all and lets no more be started: whoever waits for one fails, and cleans up. */
  static interrupt(): void {
    mayStart = false;
    void Child.stopAll();
  }

  /** Asks over the channel; what was asked before must have been answered. */
  async ask<Value>(ask: string, argument?: unknown): Promise<Value> {
    this.#process.send({ ask, argument } satisfies Ask);
    const answer = await this.#unlessItEnds(
      ask,
      once(this.#process, 'message').then(([message]) => message as Answer),
    );
    if ('error' in answer) throw new Error(`${ask}: ${answer.error}`);
    return answer.value as Value;
  }

  /** What `read` makes of the first line it makes something of; of those printed from now on. */
  async line<Value>(read: (line: string) => Value | undefined): Promise<Value> {
    const printed = new Promise<Value>((found) => {
      const look = (line: string): void => {
        const value = read(line);
        if (value === undefined) return;
        this.#process.off('line', look);
        found(value);
      };
      this.#process.on('line', look);
    });
    return await this.#unlessItEnds('the line that was waited for', printed);
  }

  /** What `read` makes of the first line printed so far that it makes something of. */
  printed<Value>(read: (line: string) => Value | undefined): Value | undefined {
    return this.#lines.map(read).find((value) => value !== undefined);
  }

  /** Resolves when it has ended of itself. */
  async ended(): Promise<void> {
    await this.#exited;
  }

  /** Asks it to end, and waits until it has. */
  async stop(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
    this.#stopping = true;
    this.#process.kill(signal);
    await this.#exited;
  }

  async #unlessItEnds<Value>(wanted: string, awaited: Promise<Value>): Promise<Value> {
    return await Promise.race([
      awaited,
      this.#exited.then(() => {
        const { exitCode, signalCode } = this.#process;
        throw new Error(
          `${this.#file} ended (${signalCode ?? exitCode}) before ${wanted}:\n${this.#lines.slice(-20).join('\n')}`,
        );
      }),
    ]);
  }
}

/** Where one of the benchmark's own entries lies. */
export function fileOf(entry: string): string {
  return fileURLToPath(new URL(`${entry}.mjs`, bin));
}
