import { setTimeout } from 'node:timers/promises';
import type { Terminal } from './terminal.ts';

const INTERRUPTED = 130;

/** The terminal of this process. */
export function processTerminal(): Terminal {
  const { stdout, stderr } = process;
  for (const stream of [stdout, stderr]) {
    // Whoever read us (`head`, say) has enough.
    stream.on('error', (error: NodeJS.ErrnoException) => {
      process.exit(error.code === 'EPIPE' ? 0 : 1);
    });
  }
  return {
    env: process.env,
    get stdin() {
      return process.stdin;
    },
    write: (output) =>
      new Promise((resolve, reject) => {
        stdout.write(output, (error) => {
          if (error) reject(error);
          else resolve();
        });
      }),
    say: (line) => {
      stderr.write(`${line}\n`);
    },
    screen: stderr.isTTY ? stderr : undefined,
    now: () => Date.now(),
    async sleep(ms, signal) {
      try {
        await setTimeout(ms, undefined, { ...(signal && { signal }) });
      } catch (error) {
        signal?.throwIfAborted();
        throw error;
      }
    },
    onInterrupt(listener) {
      let isSecond = false;
      const hear = (): void => {
        if (isSecond) process.exit(INTERRUPTED);
        isSecond = true;
        listener();
      };
      process.on('SIGINT', hear);
      return () => {
        process.off('SIGINT', hear);
      };
    },
  };
}
