import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test } from '@jest/globals';
import type { App } from '../shared/compose.ts';
import { untold } from '../test/untold.ts';
import { HttpListener } from './http-listener.ts';

// More than the system takes before anybody reads it.
const LARGE = 30_000_000;

let listener: HttpListener | undefined;
afterEach(() => listener?.cut());

/** Asks for a large answer, which is given when `until` resolves. */
async function ask(until: () => Promise<void>): Promise<Socket> {
  const config = { access: 'open', maxBodyBytes: 1_000, httpStreaming: true };
  listener = new HttpListener({
    functions: [
      {
        kind: 'http',
        name: 'large',
        route: 'large',
        methods: ['GET'],
        access: 'Scorer',
        async handler() {
          await until();
          return { status: 200, body: new Uint8Array(LARGE) };
        },
      },
    ],
    app: { telemetry: untold, config } as App,
    routePrefix: '',
    log: () => undefined,
    quiet: true,
    onAccepted: () => undefined,
  });
  const socket = connect(await listener.listen(0, '127.0.0.1'), '127.0.0.1');
  socket.on('error', () => undefined);
  socket.write('GET /large HTTP/1.1\r\nhost: x\r\n\r\n');
  return socket;
}

test('stopping lets somebody who reads slowly have all of a large answer', async () => {
  const socket = await ask(() => Promise.resolve());
  await once(socket, 'readable');
  let stopped = false;
  const stopping = listener?.stop().then(() => (stopped = true));
  await sleep(200);
  expect(stopped).toBe(false);
  let bytes = 0;
  socket.on('data', (chunk: Buffer) => (bytes += chunk.byteLength));
  await stopping;
  await once(socket, 'close');
  expect(bytes).toBeGreaterThan(LARGE);
});

test.each([
  ['before', 0, 100],
  ['while', 100, 0],
])('stopping waits for nobody who left %s a large answer was given', async (_what, left, given) => {
  let asked: () => void = () => undefined;
  const asking = new Promise<void>((done) => (asked = done));
  const socket = await ask(async () => {
    asked();
    await sleep(given);
  });
  await asking;
  await sleep(left);
  socket.destroy();
  await listener?.stop();
});
