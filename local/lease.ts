import { connect, type Socket } from 'node:net';
import type { Claim } from './claim.ts';
import type { EmulatorPorts } from './emulator-endpoints.ts';
import { type FromEmulators, listenTo, parseFromEmulators, say } from './lease-protocol.ts';

/** A host's hold on running emulators; they end some seconds after the last one is gone. */
export interface Lease {
  readonly ports: EmulatorPorts;
  /** Resolves when the emulators are gone, whoever ended them. */
  readonly lost: Promise<void>;
  /** Gives the hold back. */
  release(): void;
  /** Has them save and end now; false when other hosts use them (the hold is kept). */
  end(): Promise<boolean>;
}

/** What became of asking for a lease. */
export type Asked =
  | { readonly kind: 'held'; readonly lease: Lease }
  /** Nobody is there, or somebody else: the claim's process is gone. */
  | { readonly kind: 'dead' }
  /** It was ending, and has ended now. */
  | { readonly kind: 'ended' }
  | { readonly kind: 'failed'; readonly why: string }
  /** It takes connections but says nothing. */
  | { readonly kind: 'silent' };

/** Asks the claim's process for a lease; `waitMs` is how long it may take to be ready. */
export async function askForLease(claim: Claim, waitMs: number): Promise<Asked> {
  if (claim.port === 0) return { kind: 'dead' };
  const socket = connect({ host: '127.0.0.1', port: claim.port });
  const lost = new Promise<void>((done) => {
    socket.once('close', () => {
      done();
    });
  });
  const answer = new Answers(socket);
  socket.once('connect', () => {
    say(socket, { hello: claim.token });
  });
  const said = await answer.next(waitMs);
  if (said === 'silent') {
    socket.destroy();
    return { kind: 'silent' };
  }
  if (said === 'closed' || 'stranger' in said) return { kind: 'dead' };
  if ('ready' in said) return { kind: 'held', lease: leaseOf(socket, said.ready, answer, lost) };
  await lost;
  return 'failed' in said ? { kind: 'failed', why: said.failed } : { kind: 'ended' };
}

function leaseOf(
  socket: Socket,
  ports: EmulatorPorts,
  answers: Answers,
  lost: Promise<void>,
): Lease {
  return {
    ports,
    lost,
    release: () => {
      socket.destroy();
    },
    async end() {
      say(socket, { end: true });
      const said = await answers.next();
      if (typeof said === 'object' && 'inUse' in said) return false;
      await lost;
      return true;
    },
  };
}

/** What the other side says, one after another. */
class Answers {
  readonly #socket: Socket;
  readonly #said: FromEmulators[] = [];
  #wake: () => void = () => undefined;

  constructor(socket: Socket) {
    this.#socket = socket;
    listenTo(socket, parseFromEmulators, (message) => {
      this.#said.push(message);
      this.#wake();
    });
    socket.once('close', () => {
      this.#wake();
    });
  }

  async next(waitMs?: number): Promise<FromEmulators | 'closed' | 'silent'> {
    const tired = () => {
      this.#wake();
    };
    const timer = waitMs === undefined ? undefined : setTimeout(tired, waitMs);
    try {
      if (this.#said.length === 0 && !this.#socket.destroyed) {
        await new Promise<void>((done) => {
          this.#wake = done;
        });
      }
    } finally {
      clearTimeout(timer);
    }
    return this.#said.shift() ?? (this.#socket.destroyed ? 'closed' : 'silent');
  }
}
