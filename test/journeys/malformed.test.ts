import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { modelBytes, node, T, tensorValue } from '../model-maker.ts';
import { register, sample } from './client.ts';
import { discard, type RunningHost, startHost } from './running-host.ts';

// Whatever comes, the answer is the error document, and never a 5xx that says "bug".

const SEED = 20260101;
const REQUESTS = 1_000;

let host: RunningHost;
beforeAll(async () => {
  host = await startHost();
  for (const model of ['digits', 'churn']) await register(host.url, model, await sample(model));
  expect(await register(host.url, 'types', typesModel)).toMatchObject({ status: 201 });
});
afterAll(async () => {
  await discard(host);
});

/** A small generator with a seed (mulberry32), so that a failure can be run again. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

interface Sent {
  readonly method: string;
  readonly path: string;
  readonly headers?: Record<string, string>;
  readonly body?: string | Uint8Array<ArrayBuffer>;
}

const image = {
  name: 'image',
  datatype: 'FP32',
  shape: [1, 1, 8, 8],
  data: new Array(64).fill(0.5),
};
const valid = JSON.stringify({ id: 'x', inputs: [image], outputs: [{ name: 'label' }] });
const INFER = '/v2/models/digits/infer';

/** Hands each input back: one of each datatype whose refusals differ. */
const TYPES = { half: T.FLOAT16, whole: T.INT64, tiny: T.INT8, flag: T.BOOL, text: T.STRING };
const typesModel = modelBytes({
  input: Object.entries(TYPES).map(([name, type]) => tensorValue(name, type, ['n'])),
  output: Object.entries(TYPES).map(([name, type]) => tensorValue(`${name}Out`, type, ['n'])),
  node: Object.keys(TYPES).map((name) => node('Identity', [name], [`${name}Out`])),
});
const TYPES_INFER = '/v2/models/types/infer';
const validTypes = {
  half: { datatype: 'FP16', data: [0.5] },
  whole: { datatype: 'INT64', data: [1] },
  tiny: { datatype: 'INT8', data: [1] },
  flag: { datatype: 'BOOL', data: [true] },
  text: { datatype: 'BYTES', data: ['a'] },
};

/** A request to the model of all types with one input changed; `data` is JSON text. */
function withInput(
  name: keyof typeof TYPES,
  change: { data?: string; shape?: string; more?: string },
): Sent {
  const inputs = Object.entries(validTypes).map(([input, { datatype, data }]) => {
    const {
      data: text = JSON.stringify(data),
      shape = '[1]',
      more = '',
    } = input === name ? change : {};
    const dataText = text === '' ? '' : `,"data":${text}`;
    return `{"name":"${input}","datatype":"${datatype}","shape":${shape}${dataText}${more}}`;
  });
  return { method: 'POST', path: TYPES_INFER, body: `{"inputs":[${inputs.join(',')}]}` };
}

/** The same in binary: one input's bytes follow the header. */
function withBinary(
  name: keyof typeof TYPES,
  bytes: readonly number[],
  declared = bytes.length,
): Sent {
  const { body } = withInput(name, {
    data: '',
    more: `,"parameters":{"binary_data_size":${declared}}`,
  });
  const header = Buffer.from(String(body));
  return {
    method: 'POST',
    path: TYPES_INFER,
    headers: { 'inference-header-content-length': String(header.length) },
    body: Uint8Array.from([...header, ...bytes]),
  };
}

async function send({ method, path, headers = {}, body }: Sent) {
  const response = await fetch(`${host.url}${path}`, {
    method,
    headers,
    ...(body !== undefined && { body }),
  });
  return {
    status: response.status,
    type: response.headers.get('content-type'),
    text: await response.text(),
  };
}

async function expectErrorDocument(sent: Sent): Promise<number> {
  const { status, type, text } = await send(sent);
  const told = `${sent.method} ${sent.path} ${JSON.stringify(sent.headers ?? {})} ${String(sent.body).slice(0, 300)} -> ${status} ${text.slice(0, 300)}`;
  if (status < 400) return status;
  if (status >= 500) throw new Error(told);
  const document = JSON.parse(text) as Record<string, unknown>;
  expect([told, type]).toEqual([
    told,
    sent.path.startsWith('/v2') ? 'application/json' : 'application/problem+json',
  ]);
  expect([told, document['error'], document['status']]).toEqual([told, document['detail'], status]);
  for (const member of ['type', 'title', 'detail', 'instance']) {
    expect([told, typeof document[member]]).toEqual([told, 'string']);
  }
  return status;
}

test(`${REQUESTS} malformed requests (seed ${SEED})`, async () => {
  const random = generator(SEED);
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)] as T;
  const mangled = (text: string): string => {
    const characters = Array.from(text);
    for (let edits = 1 + Math.floor(random() * 4); edits > 0; edits--) {
      const at = Math.floor(random() * characters.length);
      const kind = random();
      if (kind < 0.4) characters[at] = pick(Array.from('{}[]",:0-1.eEnt\\ \u0000é'));
      else if (kind < 0.7) characters.splice(at, 1 + Math.floor(random() * 5));
      else characters.splice(at, 0, pick(['null', '[', '{"a":', '1e999', '"', ',,', '-']));
    }
    return characters.join('');
  };
  const junk = (): Uint8Array<ArrayBuffer> =>
    Uint8Array.from({ length: Math.floor(random() * 400) }, () => Math.floor(random() * 256));
  const paths = [
    '/v2/models/digits',
    '/v2/models/churn',
    '/v2/models/nobody',
    '/models/digits',
    '/models/nobody',
    '/v2/models/%2F',
    '/models/UPPER',
    '/models/a%00b',
  ];
  const tails = [
    '',
    '/infer',
    '/ready',
    '/config',
    '/stats',
    '/versions/1',
    '/versions/99/infer',
    '/versions/0',
    '/versions/-1',
    '/versions/x_y/infer',
    '/aliases/A',
    '/aliases/a',
    '/routing',
    '/events',
    '/events?at=yesterday',
    '/versions?limit=0',
    '/versions?limit=5000',
    '/events?continuation=zzz',
    '/versions/1/model',
    '/versions/1/report',
  ];
  const kinds: (() => Sent)[] = [
    () => ({ method: 'POST', path: INFER, body: mangled(valid) }),
    () => ({ method: 'POST', path: INFER, body: junk() }),
    () => ({
      method: 'POST',
      path: INFER,
      headers: {
        'inference-header-content-length': pick([
          '0',
          '1',
          '5',
          '99999',
          '-1',
          'x',
          '',
          '1e3',
          String(valid.length),
        ]),
      },
      body: random() < 0.5 ? mangled(valid) : junk(),
    }),
    () => ({
      method: 'POST',
      path: INFER,
      headers: { 'content-encoding': pick(['gzip', 'deflate', 'br', 'x']) },
      body: random() < 0.5 ? Uint8Array.from(gzipSync(mangled(valid))) : junk(),
    }),
    () => ({ method: pick(['GET', 'PUT', 'DELETE', 'POST']), path: pick(paths) + pick(tails) }),
    () => ({
      method: 'PUT',
      path: '/models/digits/routing',
      body: mangled('{"production":"1","candidate":{"version":"2","percent":5}}'),
    }),
    () => ({
      method: 'PUT',
      path: '/models/digits/aliases/best',
      body: mangled('{"version":"7"}'),
    }),
    () => ({
      method: 'POST',
      path: '/models/digits/versions',
      headers: {
        'content-type': pick([
          'text/plain',
          'application/json',
          'multipart/form-data',
          'multipart/form-data; boundary=x',
          'image/png',
          '',
        ]),
      },
      body:
        random() < 0.5
          ? junk()
          : mangled('{"blob":"uploads/none","card":{"task":"classification"}}'),
    }),
    () => ({ method: 'POST', path: '/v2/repository/index', body: mangled('{"ready":true}') }),
  ];
  const statuses = new Map<number, number>();
  for (let done = 0; done < REQUESTS; done++) {
    const make = pick(kinds);
    const sent = make();
    // A destructive one that happens to be right would end the test's own models.
    if (sent.method === 'DELETE' && /^\/models\/(digits|churn)$/.test(sent.path)) continue;
    const withoutBody = sent.method === 'GET' ? { ...sent, body: undefined } : sent;
    const status = await expectErrorDocument(withoutBody as Sent);
    statuses.set(status, (statuses.get(status) ?? 0) + 1);
  }
  console.log(
    `statuses: ${JSON.stringify(Object.fromEntries([...statuses].sort(([a], [b]) => a - b)))}`,
  );
  expect(statuses.get(400)).toBeGreaterThan(300);
  // And it still serves.
  expect(await send({ method: 'POST', path: INFER, body: valid })).toMatchObject({ status: 200 });
});

describe('each refusal that the interface names', () => {
  const big = (text: string) => Uint8Array.from(Buffer.from(text));
  const cases: [string, number, () => Sent][] = [
    [
      'an unknown model',
      404,
      () => ({ method: 'POST', path: '/v2/models/nobody/infer', body: valid }),
    ],
    [
      'an unknown version',
      404,
      () => ({ method: 'POST', path: '/v2/models/digits/versions/9/infer', body: valid }),
    ],
    [
      'an unknown alias',
      404,
      () => ({ method: 'POST', path: '/v2/models/digits/versions/best/infer', body: valid }),
    ],
    ['a name that is none', 400, () => ({ method: 'GET', path: '/models/Nobody' })],
    [
      'an unknown input',
      400,
      () => ({ method: 'POST', path: INFER, body: valid.replace('image', 'picture') }),
    ],
    [
      'a wrong datatype',
      400,
      () => ({ method: 'POST', path: INFER, body: valid.replace('FP32', 'FP64') }),
    ],
    [
      'a wrong shape',
      400,
      () => ({ method: 'POST', path: INFER, body: valid.replace('[1,1,8,8]', '[1,64]') }),
    ],
    [
      'a wrong count',
      400,
      () => ({ method: 'POST', path: INFER, body: valid.replace('[1,1,8,8]', '[2,1,8,8]') }),
    ],
    [
      'an unknown output',
      400,
      () => ({ method: 'POST', path: INFER, body: valid.replace('label', 'lable') }),
    ],
    ['a negative dimension', 400, () => withInput('whole', { shape: '[-1]' })],
    ['an unsafe dimension', 400, () => withInput('whole', { shape: '[9007199254740993]' })],
    [
      'a product that overflows',
      400,
      () => withInput('whole', { shape: '[4294967296,4294967296]' }),
    ],
    ['a missing input', 400, () => ({ method: 'POST', path: INFER, body: '{"inputs":[]}' })],
    [
      'a repeated input',
      400,
      () => ({ method: 'POST', path: INFER, body: JSON.stringify({ inputs: [image, image] }) }),
    ],
    ['neither data nor a size', 400, () => withInput('whole', { data: '' })],
    [
      'both data and a size',
      400,
      () => withInput('whole', { more: ',"parameters":{"binary_data_size":8}' }),
    ],
    ['a size that doesn’t fit', 400, () => withBinary('whole', [1, 2, 3, 4])],
    ['a size beyond the body', 400, () => withBinary('whole', [1, 2, 3, 4], 8)],
    ['bytes left over', 400, () => withBinary('whole', [1, 2, 3, 4, 5, 6, 7, 8, 9], 8)],
    ['null elements', 400, () => withInput('whole', { data: '[null]' })],
    ['fractions in integers', 400, () => withInput('tiny', { data: '[1.5]' })],
    ['integers out of range', 400, () => withInput('tiny', { data: '[128]' })],
    [
      '64-bit integers out of range',
      400,
      () => withInput('whole', { data: '[9223372036854775808]' }),
    ],
    ['numbers beyond FP16', 400, () => withInput('half', { data: '[65520]' })],
    [
      'numbers beyond FP32',
      400,
      () => ({ method: 'POST', path: INFER, body: valid.replace('0.5', '3.5e38') }),
    ],
    ['BOOL that is a number', 400, () => withInput('flag', { data: '[1]' })],
    ['BOOL that is another byte', 400, () => withBinary('flag', [2])],
    ['BYTES holding NUL', 400, () => withInput('text', { data: '["a\\u0000b"]' })],
    ['BYTES holding NUL, binary', 400, () => withBinary('text', [1, 0, 0, 0, 0])],
    ['BYTES that are not UTF-8', 400, () => withBinary('text', [1, 0, 0, 0, 0xff])],
    ['BYTES that are half a character', 400, () => withInput('text', { data: '["\\ud800"]' })],
    [
      'a header longer than the body',
      400,
      () => ({
        method: 'POST',
        path: INFER,
        headers: { 'inference-header-content-length': '100000' },
        body: valid,
      }),
    ],
    [
      'a raw body for a model of several inputs',
      400,
      () => ({
        method: 'POST',
        path: TYPES_INFER,
        headers: { 'inference-header-content-length': '0' },
        body: 'x',
      }),
    ],
    [
      'a classification',
      400,
      () => ({
        method: 'POST',
        path: INFER,
        body: valid.replace('"name":"label"', '"name":"label","parameters":{"classification":3}'),
      }),
    ],
    [
      'shared memory',
      400,
      () => ({
        method: 'POST',
        path: INFER,
        body: valid.replace('"id":"x"', '"parameters":{"shared_memory_region":"r"}'),
      }),
    ],
    [
      'a sequence',
      400,
      () => ({
        method: 'POST',
        path: INFER,
        body: valid.replace('"id":"x"', '"parameters":{"sequence_id":7}'),
      }),
    ],
    [
      'JSON that is too deep',
      400,
      () => ({
        method: 'POST',
        path: INFER,
        body: valid.replace('"id":"x"', `"deep":${'['.repeat(200)}${']'.repeat(200)}`),
      }),
    ],
    [
      'an encoding nobody knows',
      415,
      () => ({ method: 'POST', path: INFER, headers: { 'content-encoding': 'br' }, body: valid }),
    ],
    [
      'a body beyond the limit',
      413,
      () => ({ method: 'POST', path: INFER, body: big(' '.repeat(100_000_001)) }),
    ],
    [
      'a bomb',
      413,
      () => ({
        method: 'POST',
        path: INFER,
        headers: { 'content-encoding': 'gzip' },
        body: Uint8Array.from(gzipSync(Buffer.alloc(100_000_001, 0x20))),
      }),
    ],
    [
      'a content type that registers nothing',
      415,
      () => ({
        method: 'POST',
        path: '/models/digits/versions',
        headers: { 'content-type': 'text/plain' },
        body: 'x',
      }),
    ],
    [
      'bytes that are no model',
      422,
      () => ({
        method: 'POST',
        path: '/models/broken/versions',
        headers: { 'content-type': 'application/octet-stream', prefer: 'wait=60' },
        body: 'no model',
      }),
    ],
    [
      'a card that is none',
      400,
      () => ({
        method: 'POST',
        path: '/models/digits/versions',
        headers: { 'content-type': 'application/json' },
        body: '{"blob":"uploads/x","card":{"task":"guessing"}}',
      }),
    ],
    [
      'a blob outside uploads/',
      400,
      () => ({
        method: 'POST',
        path: '/models/digits/versions',
        headers: { 'content-type': 'application/json' },
        body: '{"blob":"artifacts/x"}',
      }),
    ],
    [
      'a blob that is not there',
      400,
      () => ({
        method: 'POST',
        path: '/models/digits/versions',
        headers: { 'content-type': 'application/json' },
        body: '{"blob":"uploads/none"}',
      }),
    ],
    [
      'routing to a version that is not there',
      409,
      () => ({ method: 'PUT', path: '/models/digits/routing', body: '{"production":"7"}' }),
    ],
    [
      'an alias for a version that is not there',
      409,
      () => ({ method: 'PUT', path: '/models/digits/aliases/best', body: '{"version":"7"}' }),
    ],
    [
      'a percentage beyond 100',
      409,
      () => ({
        method: 'PUT',
        path: '/models/digits/routing',
        body: '{"production":"1","candidate":{"version":"1","percent":101}}',
      }),
    ],
    [
      'a stale If-Match',
      412,
      () => ({
        method: 'PUT',
        path: '/models/digits/aliases/best',
        headers: { 'if-match': '"999"' },
        body: '{"version":"1"}',
      }),
    ],
    ['retiring what serves', 409, () => ({ method: 'DELETE', path: '/models/digits/versions/1' })],
    ['deleting what serves', 409, () => ({ method: 'DELETE', path: '/models/digits' })],
    ['a limit of 0', 400, () => ({ method: 'GET', path: '/models?limit=0' })],
    ['a token nobody gave', 400, () => ({ method: 'GET', path: '/models?continuation=zzzz' })],
    [
      'a time that is none',
      400,
      () => ({ method: 'GET', path: '/models/digits/events?at=yesterday' }),
    ],
    [
      'a time before the first event',
      404,
      () => ({ method: 'GET', path: '/models/digits/events?at=2000-01-01T00:00:00Z' }),
    ],
    ['a path nobody serves', 404, () => ({ method: 'GET', path: '/nothing/here' })],
    ['a method nobody serves', 404, () => ({ method: 'PUT', path: INFER, body: valid })],
  ];
  test.each(cases)('%s: %d', async (_, status, make) => {
    expect(await expectErrorDocument(make())).toBe(status);
  });

  test('what is refused above is taken when it is right', async () => {
    expect(await send(withInput('whole', {}))).toMatchObject({ status: 200 });
    expect(await send(withBinary('text', [1, 0, 0, 0, 0x61]))).toMatchObject({ status: 200 });
  });

  test('a deadline that passes: 504', async () => {
    const rows = 5_000;
    const slow = JSON.stringify({
      parameters: { timeout: 1 },
      inputs: [{ ...image, shape: [rows, 1, 8, 8], data: new Array(rows * 64).fill(0.5) }],
    });
    const { status, text } = await send({ method: 'POST', path: INFER, body: slow });
    expect([status, (JSON.parse(text) as { error: string }).error]).toEqual([
      504,
      expect.stringMatching(/timeout|deadline/),
    ]);
  });

  test('more than the queue holds: 429 with Retry-After', async () => {
    const small = await startHost({
      env: { PILOTLIGHT_MAX_QUEUED_REQUESTS: '2', PILOTLIGHT_VCPUS: '1' },
    });
    try {
      await register(small.url, 'digits', await sample('digits'));
      const ask = async () => {
        const response = await fetch(`${small.url}${INFER}`, { method: 'POST', body: valid });
        const retryAfter = response.headers.get('retry-after');
        return { status: response.status, retryAfter, text: await response.text() };
      };
      const refused: Awaited<ReturnType<typeof ask>>[] = [];
      // A sender that the machine slows down may never have three of them wait.
      for (let round = 0; round < 50 && refused.length === 0; round++) {
        const answers = await Promise.all(Array.from({ length: 60 }, ask));
        refused.push(...answers.filter(({ status }) => status !== 200));
      }
      expect(refused.length).toBeGreaterThan(0);
      for (const answer of refused) {
        expect(answer).toMatchObject({ status: 429, retryAfter: expect.stringMatching(/^[1-9]/) });
      }
    } finally {
      await discard(small);
    }
  });
});
