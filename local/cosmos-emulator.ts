import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Emulator } from './azurite.ts';
import { CosmosClient } from './cosmos-http.ts';
import { readSnapshot, writeSnapshot } from './cosmos-snapshot.ts';

const HOST = '127.0.0.1';
const SAVE_EVERY_MS = 500;
// A save reads everything: it may take at most this share of the time.
const SAVE_SHARE = 0.05;

/**
 * The Cosmos DB emulator over plain HTTP. It holds everything in memory, so `file` is written
 * shortly after each change and at the end, and read at the start. `log` hears of saves that fail.
 * Rejects with the system's error, such as EADDRINUSE.
 */
export async function startCosmos(settings: {
  readonly file: string;
  /** 0: any free one. */
  readonly port: number;
  readonly log: (line: string) => void;
}): Promise<Emulator> {
  const { createHttpServer } = await import('@vercel/cosmosdb-server');
  const server = createHttpServer({ keepAlive: true, keepAliveTimeout: 600_000 });
  const saved = await readSnapshot(settings.file);
  const gate = new Gate(server);
  server.listen(settings.port, HOST);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const client = new CosmosClient(`http://${HOST}:${port}`, gate.pass);
  if (saved) await client.restore(saved, Date.now());
  gate.changed = false;
  gate.open();

  let saving: Promise<void> = Promise.resolve();
  let timer: NodeJS.Timeout;
  const save = async () => {
    if (!gate.changed) return;
    gate.changed = false;
    try {
      await writeSnapshot(settings.file, await client.snapshot());
    } catch (error) {
      gate.changed = true;
      throw error;
    }
  };
  const later = (ms: number) => {
    timer = setTimeout(() => {
      const begun = Date.now();
      saving = save()
        .catch((error: unknown) => {
          settings.log(`Cosmos emulator: could not save: ${String(error)}`);
        })
        .then(() => {
          later(Math.max(SAVE_EVERY_MS, (Date.now() - begun) / SAVE_SHARE));
        });
    }, ms);
  };
  later(SAVE_EVERY_MS);

  return {
    port,
    async close() {
      await gate.shut();
      await saving;
      clearTimeout(timer);
      await save();
      server.close();
      server.closeAllConnections();
    },
  };
}

/** Lets requests through to the emulator while it is open, and notes whether they changed anything. */
class Gate {
  /** Sent as `x-gate-pass`, lets a request through a closed gate. */
  readonly pass = randomUUID();
  changed = false;
  #open = false;
  #inside = 0;

  constructor(server: Server) {
    const inner = server.listeners('request') as RequestListener[];
    server.removeAllListeners('request');
    server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      const own = request.headers['x-gate-pass'] === this.pass;
      if (!own && !this.#open) {
        response.writeHead(503, { connection: 'close' }).end();
        return;
      }
      if (!own) {
        this.#inside += 1;
        response.once('close', () => {
          this.#inside -= 1;
          if (mayChange(request)) this.changed = true;
        });
      }
      for (const listener of inner) listener.call(server, request, response);
    });
  }

  open(): void {
    this.#open = true;
  }

  /** Resolves when no request is inside any more. */
  async shut(): Promise<void> {
    this.#open = false;
    while (this.#inside > 0) await new Promise((done) => setTimeout(done, 5));
  }
}

function mayChange(request: IncomingMessage): boolean {
  if (request.method === 'GET' || request.method === 'HEAD') return false;
  return (
    request.headers['content-type'] !== 'application/query+json' &&
    request.headers['x-ms-documentdb-isquery'] === undefined
  );
}
