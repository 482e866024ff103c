/** Numbers in [0, 1) that a seed decides (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

interface Call {
  readonly actor: string;
  readonly name: string;
  readonly work: () => Promise<unknown>;
  readonly resolve: (value: unknown) => void;
  readonly reject: (reason: unknown) => void;
}

/**
 * Decides which of the calls that concurrent actors wait for comes next. Between two of its turns
 * nothing happens, so a seed is a history. An actor may crash right after a write: it never hears
 * of the answer, and nothing of it goes on.
 */
export class Schedule {
  readonly #random: () => number;
  readonly #crashing: number;
  #waiting: Call[] = [];
  readonly #crashed = new Set<string>();
  /** What was called, for a failure's report. */
  readonly history: string[] = [];

  /** `crashing` is the chance of a crash after each write. */
  constructor(random: () => number, crashing: number) {
    this.#random = random;
    this.#crashing = crashing;
  }

  /** `ports` as `actor` sees them: each call waits for its turn. */
  portsOf<Ports extends object>(actor: string, ports: Ports): Ports {
    return new Proxy(ports, {
      get: (target, name, receiver) => {
        const method: unknown = Reflect.get(target, name, receiver);
        if (typeof method !== 'function') return method;
        return (...args: unknown[]) =>
          this.turn(
            actor,
            String(name),
            () => Reflect.apply(method, target, args) as Promise<unknown>,
          );
      },
    });
  }

  turn(actor: string, name: string, work: () => Promise<unknown>): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ actor, name, work, resolve, reject });
    });
  }

  /** Lets one call happen; answers what it was, undefined when none waits. */
  async next(): Promise<{ name: string; actor: string; crashed: boolean } | undefined> {
    const [call] = this.#waiting.splice(Math.floor(this.#random() * this.#waiting.length), 1);
    if (!call) return undefined;
    const { actor, name } = call;
    const outcome = await call.work().then(
      (value) => () => {
        call.resolve(value);
      },
      (error: unknown) => () => {
        call.reject(error);
      },
    );
    const crashed = isWrite(name) && this.#random() < this.#crashing;
    this.history.push(`${actor} ${name}${crashed ? ', then crashed' : ''}`);
    if (crashed) {
      this.#crashed.add(actor);
      this.#waiting = this.#waiting.filter((other) => other.actor !== actor);
    } else {
      outcome();
      await quiet();
    }
    return { name, actor, crashed };
  }
}

function isWrite(name: string): boolean {
  return /^(create|replace|put|purge|send|adopt|leave)/.test(name);
}

/** Every actor has come to its next call: all promise reactions run before an immediate does. */
export function quiet(): Promise<void> {
  return new Promise((done) => {
    setImmediate(done);
  });
}
