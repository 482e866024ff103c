import type { Socket } from 'node:net';
import { createInterface } from 'node:readline';
import type { EmulatorPorts } from './emulator-endpoints.ts';

// What hosts and the emulators' process say to each other, one JSON object a line, over a TCP
// connection on this machine. The connection itself is the lease: when it ends, however the host
// ended, so does the lease. Read without zod: every start of a host would wait for it.

export type FromHost =
  /** The first line: whose emulators the host takes this to be. */
  | { readonly hello: string }
  /** Asks the process to save and end now, if nobody else holds a lease. */
  | { readonly end: true };

export type FromEmulators =
  | { readonly ready: EmulatorPorts }
  /** They could not start; the process ends. */
  | { readonly failed: string }
  /** Everything is saved or about to be; the connection ends when it is. */
  | { readonly ending: true }
  /** The answer to `end` while other hosts hold leases. */
  | { readonly inUse: true }
  /** The answer to a `hello` that names another process. */
  | { readonly stranger: true };

/** @throws Error for what is none of these */
export function parseFromHost(value: unknown): FromHost {
  const { hello, end } = membersOf(value);
  if (typeof hello === 'string') return { hello };
  if (end === true) return { end };
  throw new Error('expected what a host says');
}

/** @throws Error for what is none of these */
export function parseFromEmulators(value: unknown): FromEmulators {
  const { ready, failed, ending, inUse, stranger } = membersOf(value);
  if (ready !== undefined) {
    const { blob, queue, cosmos } = membersOf(ready);
    if (typeof blob === 'number' && typeof queue === 'number' && typeof cosmos === 'number') {
      return { ready: { blob, queue, cosmos } };
    }
  }
  if (typeof failed === 'string') return { failed };
  if (ending === true) return { ending };
  if (inUse === true) return { inUse };
  if (stranger === true) return { stranger };
  throw new Error("expected what the emulators' process says");
}

function membersOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

export function say(socket: Socket, message: FromHost | FromEmulators): void {
  if (!socket.destroyed) socket.write(`${JSON.stringify(message)}\n`);
}

/** Calls `heard` for each line; one that `parse` throws for ends the connection. */
export function listenTo<T>(
  socket: Socket,
  parse: (value: unknown) => T,
  heard: (message: T) => void,
): void {
  const lines = createInterface({ input: socket });
  // An aborted connection is an ended one: `close` follows. The reader repeats the socket's errors.
  socket.on('error', () => undefined);
  lines.on('error', () => undefined);
  lines.on('line', (line) => {
    try {
      heard(parse(JSON.parse(line)));
    } catch {
      socket.destroy();
    }
  });
}
