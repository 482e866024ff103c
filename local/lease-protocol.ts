import type { Socket } from 'node:net';
import { createInterface } from 'node:readline';
import * as z from 'zod';

/**
 * What hosts and the emulators' process say to each other, one JSON object a line, over a TCP
 * connection on this machine. The connection itself is the lease: when it ends, however the host
 * ended, so does the lease.
 */
export const fromHost = z.union([
  /** The first line: whose emulators the host takes this to be. */
  z.object({ hello: z.string() }),
  /** Asks the process to save and end now, if nobody else holds a lease. */
  z.object({ end: z.literal(true) }),
]);
export type FromHost = z.infer<typeof fromHost>;

export const fromEmulators = z.union([
  z.object({ ready: z.object({ blob: z.number(), queue: z.number(), cosmos: z.number() }) }),
  /** They could not start; the process ends. */
  z.object({ failed: z.string() }),
  /** Everything is saved or about to be; the connection ends when it is. */
  z.object({ ending: z.literal(true) }),
  /** The answer to `end` while other hosts hold leases. */
  z.object({ inUse: z.literal(true) }),
  /** The answer to a `hello` that names another process. */
  z.object({ stranger: z.literal(true) }),
]);
export type FromEmulators = z.infer<typeof fromEmulators>;

export function say(socket: Socket, message: FromHost | FromEmulators): void {
  if (!socket.destroyed) socket.write(`${JSON.stringify(message)}\n`);
}

/** Calls `heard` for each line; a line that is none of `schema` ends the connection. */
export function listenTo<T>(
  socket: Socket,
  schema: z.ZodType<T>,
  heard: (message: T) => void,
): void {
  const lines = createInterface({ input: socket });
  // An aborted connection is an ended one: `close` follows. The reader repeats the socket's errors.
  socket.on('error', () => undefined);
  lines.on('error', () => undefined);
  lines.on('line', (line) => {
    try {
      heard(schema.parse(JSON.parse(line)));
    } catch {
      socket.destroy();
    }
  });
}
