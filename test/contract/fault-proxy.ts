import { once } from 'node:events';
import { createServer, request as forward, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What happens to a request: nothing, or its answer is cut, or it is refused with a status. */
export type Fault = 'pass' | 'cut' | { readonly status: number };

export interface FaultProxy {
  readonly port: number;
  /** Called, and awaited, before each request is passed on. */
  before: (request: IncomingMessage) => Fault | Promise<Fault>;
  stop(): Promise<void>;
}

/** Stands before a local server and lets a test make what networks and services do at times. */
export async function startFaultProxy(targetPort: number): Promise<FaultProxy> {
  const server = createServer((incoming, outgoing) => {
    void (async () => {
      const fault = await proxy.before(incoming);
      if (typeof fault === 'object') {
        incoming.resume();
        outgoing.writeHead(fault.status).end();
        return;
      }
      const passed = forward({
        host: '127.0.0.1',
        port: targetPort,
        method: incoming.method,
        path: incoming.url,
        // The signature covers no host.
        headers: { ...incoming.headers, host: `127.0.0.1:${targetPort}` },
      });
      incoming.pipe(passed);
      const [answer] = (await once(passed, 'response')) as [IncomingMessage];
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      if (fault === 'pass') {
        answer.pipe(outgoing);
        return;
      }
      for await (const chunk of answer as AsyncIterable<Buffer>) {
        outgoing.write(chunk.subarray(0, chunk.length >> 1), () => outgoing.destroy());
        break;
      }
    })().catch(() => outgoing.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const proxy: FaultProxy = {
    port: (server.address() as AddressInfo).port,
    before: () => 'pass',
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  return proxy;
}
