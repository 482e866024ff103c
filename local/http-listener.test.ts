import { once } from 'node:events';
import { Agent, request as httpRequest, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, test } from '@jest/globals';
import type { Answer, HttpFunction, Request } from '../functions/trigger.ts';
import type { App } from '../shared/compose.ts';
import { ServingError } from '../shared/errors.ts';
import { BodyPool } from '../shared/inference/body-pool.ts';
import { untold } from '../test/untold.ts';
import { HttpListener } from './http-listener.ts';

const app = {
  telemetry: untold,
  config: { access: 'open', maxBodyBytes: 100_000_000, httpStreaming: true },
  bodyPool: new BodyPool(1_000_000),
} as App;

let listener: HttpListener | undefined;
let lines: string[] = [];
let accepted = 0;
afterEach(async () => {
  listener?.cut();
  await listener?.stop();
});

/** Serves one handler for every method under `{*path}`, and answers the base URL. */
async function serve(
  handler: (request: Request) => Promise<Answer>,
  route = '{*path}',
): Promise<string> {
  const definition: HttpFunction = {
    kind: 'http',
    name: 'under-test',
    route,
    methods: ['GET', 'POST', 'PUT', 'DELETE'],
    access: 'Scorer',
    handler: (_app, request) => handler(request),
  };
  lines = [];
  accepted = 0;
  listener = new HttpListener({
    functions: [definition],
    app,
    routePrefix: '',
    log: (line) => lines.push(line),
    quiet: false,
    onAccepted: () => (accepted += 1),
  });
  return `http://127.0.0.1:${await listener.listen(0, '127.0.0.1')}`;
}

/** One exchange over a raw socket: everything the server says until it ends or `until` is seen. */
async function raw(base: string, parts: (string | Buffer)[], until?: RegExp): Promise<string> {
  const socket = connect(Number(new URL(base).port), '127.0.0.1');
  let said = '';
  socket.on('error', () => undefined);
  const done = new Promise<void>((resolve) => {
    socket.on('close', () => {
      resolve();
    });
    socket.on('data', (data) => {
      said += data.toString('latin1');
      if (until?.test(said)) resolve();
    });
  });
  await once(socket, 'connect');
  for (const part of parts) {
    socket.write(part);
    await sleep(20);
  }
  await done;
  socket.destroy();
  return said;
}

describe('requests', () => {
  test('give method, url, parameters, query and headers', async () => {
    let seen: unknown;
    const base = await serve((request) => {
      seen = {
        method: request.method,
        url: request.url,
        params: request.params,
        a: request.query.get('a'),
        has: request.query.has('b'),
        none: request.query.get('c'),
        header: request.headers.get('X-One'),
        absent: request.headers.get('constructor'),
        body: request.body,
      };
      return Promise.resolve({ status: 200 });
    }, 'models/{model}/{n:int}');
    const response = await fetch(`${base}/models/a%2Fb%20c/7?a=1%202&b`, {
      headers: { 'x-one': 'yes' },
    });
    expect(response.status).toBe(200);
    expect(response.headers.get('content-length')).toBe('0');
    expect(seen).toEqual({
      method: 'GET',
      url: `${base}/models/a%2Fb%20c/7?a=1%202&b`,
      params: { model: 'a%2Fb c', n: '7' },
      a: '1 2',
      has: true,
      none: null,
      header: 'yes',
      absent: null,
      body: null,
    });
  });

  test('join repeated headers with a comma', async () => {
    const base = await serve((request) =>
      Promise.resolve({
        status: 200,
        body: `${request.headers.get('x-a') ?? ''}|${request.headers.get('if-match') ?? ''}`,
      }),
    );
    const said = await raw(base, [
      'GET / HTTP/1.1\r\nhost: x\r\nx-a: 1\r\nx-a: 2\r\nif-match: "a"\r\nif-match: "b"\r\nconnection: close\r\n\r\n',
    ]);
    expect(said).toMatch(/\r\n\r\n1, 2\|"a", "b"$/);
  });

  test('give a body of exactly its length', async () => {
    const buffers: Uint8Array[] = [];
    const base = await serve(async (request) => {
      buffers.push(await request.bytes());
      return { status: 200 };
    });
    const large = Buffer.alloc(3_000_000, 'abc');
    await fetch(base, { method: 'POST', body: 'small' });
    await fetch(base, { method: 'POST', body: large });
    await fetch(base, { method: 'POST' });
    expect(buffers.map((buffer) => buffer.byteLength)).toEqual([5, 3_000_000, 0]);
    expect(large.equals(buffers[1] ?? new Uint8Array(0))).toBe(true);
  });

  test('give a chunked body whole', async () => {
    const base = await serve(async (request) => {
      const body = await request.bytes();
      return { status: 200, body };
    });
    const chunks = Array.from({ length: 40 }, (_, i) => Buffer.alloc(10_000, i));
    const body = new ReadableStream({
      async pull(controller) {
        const chunk = chunks.shift();
        if (!chunk) {
          controller.close();
          return;
        }
        controller.enqueue(chunk);
        if (chunks.length % 10 === 0) await sleep(5);
      },
    });
    const response = await fetch(base, { method: 'POST', body, duplex: 'half' });
    const answered = new Uint8Array(await response.arrayBuffer());
    expect(answered).toHaveLength(400_000);
    expect([answered[0], answered[15_000], answered[399_999]]).toEqual([0, 1, 39]);
  });

  test('give a body as a stream with back-pressure', async () => {
    let read = 0;
    const base = await serve(async (request) => {
      for await (const chunk of request.body ?? []) {
        read += chunk.byteLength;
        if (read < 200_000) await sleep(10);
      }
      return { status: 200, body: String(read) };
    });
    const body = Buffer.alloc(20_000_000);
    const response = await fetch(base, { method: 'POST', body });
    expect(await response.text()).toBe('20000000');
  });

  test('a body that breaks off is the caller’s error', async () => {
    let failure: unknown;
    const handled = new Promise<void>((done) => {
      void serve(async (request) => {
        try {
          await request.bytes();
        } catch (error) {
          failure = error;
        }
        done();
        return { status: 400 };
      }).then((base) => {
        const socket = connect(Number(new URL(base).port), '127.0.0.1');
        socket.write('POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\nabc');
        setTimeout(() => socket.destroy(), 50);
      });
    });
    await handled;
    expect(failure).toBeInstanceOf(ServingError);
    expect((failure as ServingError).failure.kind).toBe('malformed');
  });

  test('what is longer than the host takes is refused before it is read', async () => {
    const base = await serve(async (request) => {
      await request.bytes();
      return { status: 200 };
    });
    const said = await raw(
      base,
      ['POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 100000001\r\nexpect: 100-continue\r\n\r\n'],
      /\}$/,
    );
    expect(said).toMatch(/^HTTP\/1\.1 413 /);
    expect(said).not.toMatch(/100 Continue/);
  });
});

describe('answers', () => {
  test('of text, bytes, nothing and 204', async () => {
    const answers: Record<string, Answer> = {
      '/text': { status: 200, headers: { 'content-type': 'text/plain' }, body: 'é' },
      '/bytes': { status: 201, body: new Uint8Array([1, 2, 3]) },
      '/nothing': { status: 404 },
      '/204': { status: 204 },
      '/accepted': { status: 202, body: '' },
    };
    const base = await serve((request) =>
      Promise.resolve(answers[new URL(request.url).pathname] ?? { status: 500 }),
    );
    const text = await fetch(`${base}/text`);
    expect([text.headers.get('content-length'), await text.text()]).toEqual(['2', 'é']);
    const bytes = await fetch(`${base}/bytes`);
    expect([bytes.status, await bytes.arrayBuffer()]).toEqual([
      201,
      new Uint8Array([1, 2, 3]).buffer,
    ]);
    expect((await fetch(`${base}/nothing`)).headers.get('content-length')).toBe('0');
    expect((await fetch(`${base}/204`)).headers.get('content-length')).toBeNull();
    expect(accepted).toBe(0);
    await fetch(`${base}/accepted`);
    expect(accepted).toBe(1);
    expect(lines).toHaveLength(5);
    expect(lines[1]).toMatch(/^GET \/bytes 201 \d+\.\d ms$/);
  });

  test('stream with back-pressure, and cancel when the caller leaves', async () => {
    let pulled = 0;
    let cancelled: () => void = () => undefined;
    const cancellation = new Promise<void>((done) => (cancelled = done));
    const base = await serve(() =>
      Promise.resolve({
        status: 200,
        body: new ReadableStream<Uint8Array>({
          pull(controller) {
            pulled += 1;
            controller.enqueue(new Uint8Array(65_536));
          },
          cancel() {
            cancelled();
          },
        }),
      }),
    );
    const controller = new AbortController();
    const response = await fetch(base, { signal: controller.signal });
    const reader = response.body?.getReader();
    await reader?.read();
    // It stands still when what lies between is full, after some megabytes.
    let soFar: number;
    do {
      soFar = pulled;
      await sleep(300);
    } while (pulled > soFar && pulled < 2_000);
    expect(pulled).toBe(soFar);
    controller.abort();
    await cancellation;
  });

  test('that end before their Content-Length cut the connection', async () => {
    const base = await serve(() =>
      Promise.resolve({
        status: 200,
        headers: { 'Content-Length': '10' },
        body: new ReadableStream<Uint8Array>({
          start(controller) {
            controller.enqueue(new Uint8Array(3));
            controller.close();
          },
        }),
      }),
    );
    const response = await fetch(base);
    await expect(response.arrayBuffer()).rejects.toThrow();
  });

  test('of an error in the handler are a 500 document', async () => {
    const base = await serve(() => Promise.reject(new Error('secret')));
    const response = await fetch(base);
    expect(response.status).toBe(500);
    const text = await response.text();
    expect(text).not.toMatch(/secret/);
    expect(lines.join('\n')).toMatch(/under-test: .*secret/);
  });

  test('to what nobody declared are a 404 document', async () => {
    const base = await serve(() => Promise.resolve({ status: 200 }), 'v2/known');
    const response = await fetch(`${base}/v2/unknown`);
    expect(response.status).toBe(404);
    expect(response.headers.get('content-type')).toBe('application/json');
    expect(await response.json()).toMatchObject({
      status: 404,
      error: 'nothing answers GET "/v2/unknown"',
    });
    const other = await fetch(`${base}/elsewhere`, { method: 'PUT', body: 'ignored' });
    expect(other.headers.get('content-type')).toBe('application/problem+json');
    expect((await fetch(`${base}/v2/known`, { method: 'HEAD' })).status).toBe(404);
    expect((await fetch(`${base}/v2/kno%ff`)).status).toBe(400);
  });

  test('to what is no HTTP are a document too', async () => {
    const base = await serve(() => Promise.resolve({ status: 200 }));
    const broken = await raw(base, ['GET / HTTP/1.1\r\nhost x\r\n\r\n']);
    expect(broken).toMatch(/^HTTP\/1\.1 400 .*"error":"not a request of HTTP\/1\.1/s);
    const long = await raw(base, [`GET / HTTP/1.1\r\nhost: x\r\na: ${'b'.repeat(40_000)}\r\n\r\n`]);
    expect(long).toMatch(/^HTTP\/1\.1 431 /);
  });
});

describe('a body nobody reads', () => {
  const refuse = () => Promise.resolve({ status: 413, body: 'too large' });

  test('small: the connection goes on', async () => {
    const base = await serve(refuse);
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const ports = new Set<number | undefined>();
    for (let i = 0; i < 3; i++) {
      const request = httpRequest(base, { method: 'POST', agent });
      request.end(Buffer.alloc(200_000));
      const [response] = (await once(request, 'response')) as [IncomingMessage];
      ports.add(response.socket.localPort);
      response.resume();
      await once(response, 'end');
    }
    agent.destroy();
    expect(ports.size).toBe(1);
  });

  test('large: the sender gets the answer although it is still sending', async () => {
    const base = await serve(refuse);
    const response = await fetch(base, { method: 'POST', body: Buffer.alloc(60_000_000) });
    expect([response.status, await response.text()]).toEqual([413, 'too large']);
    expect(response.headers.get('connection')).toBe('close');
  });

  test('partly read: the same', async () => {
    const base = await serve(async (request) => {
      for await (const chunk of request.body?.values({ preventCancel: true }) ?? []) {
        if (chunk.byteLength > 0) break;
      }
      return { status: 413, body: 'enough' };
    });
    for (const bytes of [300_000, 60_000_000]) {
      const response = await fetch(base, { method: 'POST', body: Buffer.alloc(bytes) });
      expect([response.status, await response.text()]).toEqual([413, 'enough']);
    }
  });

  test('waiting to be invited: it is not invited', async () => {
    const base = await serve(refuse);
    const head = 'POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 9999999\r\nexpect: 100-continue';
    const said = await raw(base, [`${head}\r\n\r\n`]);
    expect(said).toMatch(/^HTTP\/1\.1 413 .*connection: close.*too large$/is);
  });

  test('waiting to be invited: it is, once the handler reads', async () => {
    const base = await serve(async (request) => {
      const body = await request.bytes();
      return { status: 200, body: String(body.byteLength) };
    });
    const said = await raw(
      base,
      ['POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\nexpect: 100-continue\r\n\r\n', 'abc'],
      /\r\n\r\n3$/,
    );
    expect(said).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 OK/);
  });
});

test('stopping answers what is in flight, and closes its connections', async () => {
  let finish: () => void = () => undefined;
  let arrived: () => void = () => undefined;
  const inside = new Promise<void>((done) => (arrived = done));
  const base = await serve(async () => {
    arrived();
    await new Promise<void>((done) => (finish = done));
    return { status: 200, body: 'answered' };
  });
  const response = fetch(base);
  await inside;
  const stopped = listener?.stop();
  await expect(fetch(base)).rejects.toThrow();
  finish();
  expect(await (await response).text()).toBe('answered');
  await stopped;
});
