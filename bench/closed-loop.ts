import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { Latencies } from './latencies.ts';
import { headerOf, ResponseReader } from './response-reader.ts';

const READ_BYTES = 65_536;

export interface LoadSlice {
  readonly port: number;
  readonly clients: number;
  /** How long requests are sent; those in flight then are waited for, and count. */
  readonly ms: number;
  /** Counts the answers by this header's value. */
  readonly countBy?: string;
}

export interface LoadResult {
  readonly requests: number;
  readonly failures: number;
  /** What was answered to the first request that was not answered 200. */
  readonly firstFailure: string | undefined;
  readonly seconds: number;
  readonly counts: readonly number[];
  readonly byHeader: Readonly<Record<string, number>>;
}

/** Each client sends its next request when the last one has been answered. */
export async function runSlice(
  { port, clients, ms, countBy }: LoadSlice,
  request: Buffer,
): Promise<LoadResult> {
  const latencies = new Latencies();
  const byHeader: Record<string, number> = {};
  let requests = 0;
  let failures = 0;
  let firstFailure: string | undefined;
  let until = 0;

  const client = async (): Promise<{ begin: () => Promise<void> }> => {
    const reader = new ResponseReader();
    let sentAt = 0;
    let end: (error?: Error) => void = () => undefined;
    const send = (now: number): void => {
      sentAt = now;
      socket.write(request);
    };
    const take = (bytes: Buffer): void => {
      const response = reader.push(bytes);
      if (!response) return;
      const now = performance.now();
      latencies.add(now - sentAt);
      requests += 1;
      if (response.status !== 200) {
        failures += 1;
        firstFailure ??= `${response.status} ${response.body.slice(0, 500)}`;
      }
      if (countBy) {
        const value = headerOf(response.head, countBy) ?? '';
        byHeader[value] = (byHeader[value] ?? 0) + 1;
      }
      if (now < until) send(now);
      else end();
    };
    const socket = await connected(port, (bytes) => {
      try {
        take(bytes);
      } catch (error) {
        end(error as Error);
      }
    });
    return {
      begin: async () => {
        try {
          await new Promise<void>((done, failed) => {
            end = (error) => {
              if (error) failed(error);
              else done();
            };
            socket.once('error', failed).once('close', () => {
              failed(new Error('the server closed a connection'));
            });
            send(performance.now());
          });
        } finally {
          socket.destroy();
        }
      },
    };
  };

  const all = await Promise.all(Array.from({ length: clients }, client));
  const begun = performance.now();
  until = begun + ms;
  await Promise.all(all.map(({ begin }) => begin()));
  const seconds = (performance.now() - begun) / 1000;
  return { requests, failures, firstFailure, seconds, counts: latencies.counts, byHeader };
}

/** A connection that reads into one buffer of its own. */
async function connected(port: number, take: (bytes: Buffer) => void): Promise<Socket> {
  const socket = connect({
    host: '127.0.0.1',
    port,
    noDelay: true,
    onread: {
      buffer: Buffer.allocUnsafe(READ_BYTES),
      callback: (length, buffer) => {
        take(Buffer.from(buffer.buffer, buffer.byteOffset, length));
        return true;
      },
    },
  });
  await once(socket, 'connect');
  return socket;
}
