import { describe, expect, test } from '@jest/globals';
import * as z from 'zod';
import { ServingError } from '../shared/errors.ts';
import { parseAs, readBody, readJson } from './body.ts';
import type { Request } from './trigger.ts';

const bytes = (length: number, fill = 7) => new Uint8Array(length).fill(fill);

/** A request whose body comes in `chunks`; `cancelled` tells whether the rest was called off. */
function chunked(chunks: Uint8Array[], headers: Record<string, string> = {}) {
  let cancelled = false;
  let pulled = 0;
  const body = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        const chunk = chunks[pulled++];
        if (chunk) controller.enqueue(chunk);
        else controller.close();
      },
      cancel() {
        cancelled = true;
      },
    },
    { highWaterMark: 0 },
  );
  const request = {
    method: 'POST',
    url: 'http://h/x',
    headers: new Headers(headers),
    query: new URLSearchParams(),
    params: {},
    body,
    bytes: async () => new Uint8Array(await new Response(body).arrayBuffer()),
  } satisfies Request;
  return { request, state: () => ({ cancelled, pulled }) };
}

const text = (value: string, headers: Record<string, string> = {}) =>
  chunked([new TextEncoder().encode(value)], headers).request;
const kindOf = async (promise: Promise<unknown>) => {
  const error: unknown = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  return error instanceof ServingError ? error.failure.kind : error;
};

describe('readBody', () => {
  test('gathers a chunked body', async () => {
    const pool = bytes(100, 1);
    const { request } = chunked([pool.subarray(10, 20), bytes(0), bytes(5, 2)]);
    const body = await readBody(request, 15);
    expect([...body]).toEqual([...bytes(10, 1), ...bytes(5, 2)]);
    expect(body.byteLength).toBe(15);
  });

  test('reads a body of declared length, and none at all', async () => {
    const { request } = chunked([bytes(3)], { 'content-length': '3' });
    expect((await readBody(request, 3)).byteLength).toBe(3);
    const none = { ...request, headers: new Headers(), body: null };
    expect((await readBody(none, 3)).byteLength).toBe(0);
  });

  test('refuses by Content-Length without reading a byte', async () => {
    const { request, state } = chunked([bytes(4)], { 'content-length': '4' });
    expect(await kindOf(readBody(request, 3))).toBe('tooLarge');
    expect(state().pulled).toBe(0);
  });

  test('stops reading a chunked body as soon as it is too large', async () => {
    const endless = Array.from({ length: 1000 }, () => bytes(10));
    const { request, state } = chunked(endless);
    expect(await kindOf(readBody(request, 25))).toBe('tooLarge');
    // Not cancelled: that would cut the connection which the answer needs.
    expect(state()).toEqual({ cancelled: false, pulled: 3 });
  });

  test('refuses a body that is longer than it said', async () => {
    const { request } = chunked([bytes(9)], { 'content-length': '3' });
    expect(await kindOf(readBody(request, 5))).toBe('tooLarge');
  });

  test.each(['-1', '1e3', '', '0x10', '99999999999999999', '1, 1'])(
    'refuses Content-Length %j',
    async (length) => {
      const { request } = chunked([bytes(1)], { 'content-length': length });
      expect(await kindOf(readBody(request, 100))).toBe('malformed');
    },
  );

  test.each([{}, { 'content-length': '9' }])(
    'a body that breaks off is the sender’s fault',
    async (headers) => {
      const body = new ReadableStream<Uint8Array>({
        start: (controller) => {
          controller.error(new Error('socket hang up'));
        },
      });
      const { request } = chunked([], headers);
      const bytes = async () => new Uint8Array(await new Response(body).arrayBuffer());
      const broken = { ...request, body, bytes };
      expect(await kindOf(readBody(broken, 100))).toBe('malformed');
    },
  );
});

describe('readJson', () => {
  const wanted = {
    schema: z.strictObject({ version: z.string(), shares: z.array(z.number()).optional() }),
    what: 'routing',
    maxBytes: 100,
  };

  test('answers what the schema makes of the body', async () => {
    expect(await readJson(text('{"version":"3"}'), wanted)).toEqual({ version: '3' });
  });

  test('names each wrong member', async () => {
    const wrong = readJson(text('{"shares":[1,"x"]}'), wanted);
    await expect(wrong).rejects.toThrow(/routing\.version: .*; routing\.shares\.1: /);
    expect(await kindOf(readJson(text('{"version":"1","more":1}'), wanted))).toBe('malformed');
  });

  test('refuses what is no JSON, no UTF-8, nothing, or too much', async () => {
    for (const body of ['', '{', '{"version":"\u0001"}']) {
      expect(await kindOf(readJson(text(body), wanted))).toBe('malformed');
    }
    const notUtf8 = chunked([Uint8Array.of(0x22, 0xff, 0x22)]).request;
    expect(await kindOf(readJson(notUtf8, wanted))).toBe('malformed');
    expect(await kindOf(readJson(text(`"${'x'.repeat(99)}"`), wanted))).toBe('tooLarge');
  });
});

test('parseAs names at most ten wrong members', () => {
  const many = Array.from({ length: 50 }, () => 'x');
  expect(() => parseAs(z.array(z.number()), many, 'list')).toThrow(/^list\.0: .*list\.9: [^;]*$/);
});
