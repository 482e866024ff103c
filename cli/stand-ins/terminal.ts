import { setImmediate } from 'node:timers/promises';
import type { Terminal } from '../terminal.ts';

/** A terminal whose sleeps take no time but move its clock, and which keeps what it is told. */
export class StandInTerminal implements Terminal {
  readonly env: Record<string, string> = {};
  screen: NodeJS.WritableStream | undefined;
  stdin: AsyncIterable<Uint8Array> = (async function* () {})();
  /** What went to standard output and to standard error. */
  output = '';
  readonly said: string[] = [];
  readonly sleeps: number[] = [];
  /** Called before each sleep. */
  onSleep: () => void = () => undefined;
  #now = Date.parse('2030-01-01T00:00:00Z');
  readonly #listeners = new Set<() => void>();

  get listeners(): number {
    return this.#listeners.size;
  }

  write(output: string | Uint8Array): Promise<void> {
    this.output += typeof output === 'string' ? output : Buffer.from(output).toString('utf8');
    return Promise.resolve();
  }

  say(line: string): void {
    this.said.push(line);
  }

  now(): number {
    return this.#now;
  }

  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    this.sleeps.push(ms);
    this.onSleep();
    await setImmediate();
    signal?.throwIfAborted();
    this.#now += ms;
  }

  onInterrupt(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Ctrl-C. */
  interrupt(): void {
    for (const listener of this.#listeners) listener();
  }

  document(): Record<string, unknown> {
    return JSON.parse(this.output) as Record<string, unknown>;
  }
}
