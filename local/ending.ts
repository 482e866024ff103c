import type { App } from '../shared/compose.ts';
import type { Host } from './host.ts';
import type { LineWriter } from './line-writer.ts';

const DRAIN_MS = 10_000;
const CLOSE_MS = 5_000;
const LOOK_EVERY_MS = 1_000;
/** A run that outlasts its limit may yet end; after this long nobody counts on it. */
const AILING_MS = 10_000;

interface Running {
  readonly host: Host;
  readonly app: App;
  readonly lines: LineWriter;
  /** Called last: what else is to be given back. */
  readonly release: () => void;
}

/** Ends the process in order, once, whatever asks for it first. */
export class Ending {
  readonly #running: Running;
  #begun = false;

  constructor(running: Running) {
    this.#running = running;
  }

  /** Ends on SIGINT and SIGTERM, at once on a second SIGINT; and when the engine doesn't recover. */
  watch(): void {
    process.on('SIGINT', () => {
      if (this.#begun) this.#atOnce('interrupted again: ending at once');
      else void this.end(0, 'interrupted: what is in flight ends first (Ctrl-C again: at once)');
    });
    process.on('SIGTERM', () => void this.end(0, 'asked to end: what is in flight ends first'));
    const { engine } = this.#running.app;
    let ailingSince: number | undefined;
    setInterval(() => {
      const ailments = engine.ailments();
      if (ailments.length === 0) ailingSince = undefined;
      else ailingSince ??= Date.now();
      if (ailingSince !== undefined && Date.now() - ailingSince >= AILING_MS) {
        void this.end(1, `error: ${ailments.join('; ')}`);
      }
    }, LOOK_EVERY_MS).unref();
  }

  async end(code: 0 | 1, why: string): Promise<void> {
    if (this.#begun) return;
    this.#begun = true;
    const { host, app, lines, release } = this.#running;
    lines.write(why);
    const drained = await host.stop(DRAIN_MS);
    const closed = await settledWithin(CLOSE_MS, app.close());
    if (!drained || !closed) {
      this.#atOnce('error: some work did not end in time');
      return;
    }
    release();
    lines.flush();
    process.exit(code);
  }

  /** By a signal: an exit while a model runs is an abort, with a core dump. */
  #atOnce(why: string): void {
    const { lines } = this.#running;
    lines.write(why);
    lines.flush();
    process.kill(process.pid, 'SIGKILL');
  }
}

async function settledWithin(ms: number, work: Promise<unknown>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((done) => {
    timer = setTimeout(done, ms, false);
  });
  const settled = await Promise.race([
    work.then(
      () => true,
      () => false,
    ),
    late,
  ]);
  clearTimeout(timer);
  return settled;
}
