import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, test } from '@jest/globals';
import { runSlice } from './closed-loop.ts';
import { inferRequest } from './request-bytes.ts';
import { workload } from './workloads.ts';

let server: Server | undefined;

async function serve(listener: RequestListener): Promise<number> {
  server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

const { inputs } = workload('mlp');

describe('a slice of load', () => {
  test('counts every request that the server got, each client with one at a time', async () => {
    let got = 0;
    let open = 0;
    let most = 0;
    const port = await serve((incoming, outgoing) => {
      got += 1;
      open += 1;
      most = Math.max(most, open);
      incoming.resume().on('end', () => {
        setTimeout(() => {
          open -= 1;
          // More than a read takes, so that answers come in pieces.
          const body = 'x'.repeat(200_000);
          outgoing.writeHead(200, { 'content-length': body.length, 'x-kind': String(got % 2) });
          outgoing.end(body);
        }, 5);
      });
    });
    const request = inferRequest('mlp', inputs, 'json');
    const result = await runSlice({ port, clients: 4, ms: 200, countBy: 'X-Kind' }, request);
    expect(result.requests).toBe(got);
    expect(most).toBe(4);
    expect(open).toBe(0);
    expect(result.failures).toBe(0);
    expect(result.seconds).toBeGreaterThanOrEqual(0.2);
    expect(result.counts.reduce((sum, count) => sum + count, 0)).toBe(got);
    const { 0: even = 0, 1: odd = 0 } = result.byHeader;
    expect(even).toBeGreaterThan(0);
    expect(even + odd).toBe(got);
  });

  test('tells failures, and what the first one said', async () => {
    const port = await serve((incoming, outgoing) => {
      incoming.resume();
      outgoing.writeHead(429, { 'content-length': 4 }).end('full');
    });
    const request = inferRequest('mlp', inputs, 'binary');
    const result = await runSlice({ port, clients: 2, ms: 20 }, request);
    expect(result.failures).toBe(result.requests);
    expect(result.firstFailure).toBe('429 full');
  });

  test('fails when a server hangs up', async () => {
    const port = await serve((incoming) => incoming.socket.destroy());
    const request = inferRequest('mlp', inputs, 'binary');
    await expect(runSlice({ port, clients: 2, ms: 20 }, request)).rejects.toThrow();
  });
});

describe('a request', () => {
  test.each(['json', 'binary'] as const)(
    'in %s is what a server of HTTP reads',
    async (encoding) => {
      const bodies: Promise<string>[] = [];
      const port = await serve((incoming, outgoing) => {
        bodies.push(text(incoming));
        expect(incoming.url).toBe('/v2/models/mlp/infer');
        outgoing.writeHead(200, { 'content-length': 0 }).end();
      });
      await runSlice({ port, clients: 1, ms: 0 }, inferRequest('mlp', inputs, encoding));
      expect(bodies).toHaveLength(1);
      expect(await bodies[0]).toContain('"name":"features","datatype":"FP32","shape":[1,64]');
    },
  );
});
