import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import type { EmulatorPorts } from './emulator-endpoints.ts';
import { type FromEmulators, listenTo, parseFromHost, say } from './lease-protocol.ts';

/** Counts the hosts that use these emulators, and tells each where they listen. */
export class LeaseServer {
  readonly #server: Server;
  readonly #token: string;
  readonly #hosts = new Set<Socket>();
  readonly #events: { changed: () => void; end: () => void };
  #state: FromEmulators | undefined;

  /** `changed` is called when a lease comes or goes, `end` when the only host asks to end. */
  constructor(token: string, events: { changed: () => void; end: () => void }) {
    this.#token = token;
    this.#events = events;
    this.#server = createServer((socket) => {
      this.#greet(socket);
    });
  }

  /** Takes connections, on a port of this machine that it answers. */
  async listen(): Promise<number> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return (this.#server.address() as AddressInfo).port;
  }

  get hosts(): number {
    return this.#hosts.size;
  }

  ready(ports: EmulatorPorts): void {
    this.#tell({ ready: ports });
  }

  failed(why: string): void {
    this.#tell({ failed: why });
  }

  /** From now on a host that comes waits for the connection to end, and looks again. */
  ending(): void {
    this.#tell({ ending: true });
  }

  /** Ends every connection, once what was said has been sent. */
  async close(): Promise<void> {
    const sockets = [...this.#hosts];
    await Promise.all(
      sockets.map(async (socket) => {
        if (socket.destroyed) return;
        const closed = once(socket, 'close');
        socket.end();
        socket.setTimeout(1_000, () => socket.destroy());
        await closed;
      }),
    );
    this.#server.close();
  }

  #tell(state: FromEmulators): void {
    this.#state = state;
    for (const socket of this.#hosts) say(socket, state);
  }

  #greet(socket: Socket): void {
    listenTo(socket, parseFromHost, (message) => {
      if ('hello' in message) this.#admit(socket, message.hello);
      else if (!this.#hosts.has(socket)) socket.destroy();
      else if (this.#hosts.size > 1) say(socket, { inUse: true });
      else this.#events.end();
    });
  }

  #admit(socket: Socket, token: string): void {
    if (token !== this.#token) {
      say(socket, { stranger: true });
      socket.end();
      return;
    }
    this.#hosts.add(socket);
    socket.once('close', () => {
      this.#hosts.delete(socket);
      this.#events.changed();
    });
    this.#events.changed();
    if (this.#state) say(socket, this.#state);
  }
}
