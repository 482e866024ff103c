import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { register, sample } from './client.ts';
import { discard, type RunningHost, startHost } from './running-host.ts';

// The protocol over real HTTP: JSON, binary, raw, compressed; who answers; what the server tells.

let host: RunningHost;
beforeAll(async () => {
  host = await startHost();
  expect(await register(host.url, 'digits', await sample('digits'))).toMatchObject({ status: 201 });
});
afterAll(async () => {
  await discard(host);
});

const pixels = Array.from({ length: 64 }, (_, index) => (index % 17) / 16);
const image = { name: 'image', datatype: 'FP32', shape: [1, 1, 8, 8] };
const jsonRequest = JSON.stringify({ id: 'r1', inputs: [{ ...image, data: pixels }] });

async function post(
  path: string,
  body: string | Uint8Array<ArrayBuffer>,
  headers: Record<string, string> = {},
): Promise<{ status: number; headers: Headers; bytes: Buffer }> {
  const response = await fetch(host.url + path, { method: 'POST', body, headers });
  return {
    status: response.status,
    headers: response.headers,
    bytes: Buffer.from(await response.arrayBuffer()),
  };
}

async function json(
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
) {
  const response = await fetch(host.url + path, {
    method,
    headers,
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    document: (text === '' ? undefined : JSON.parse(text)) as Record<string, unknown>,
  };
}

interface Answer {
  id?: string;
  model_name: string;
  model_version: string;
  outputs: {
    name: string;
    shape: number[];
    data?: number[];
    parameters?: Record<string, number>;
  }[];
}
const parse = (bytes: Buffer) => JSON.parse(bytes.toString()) as Answer;

function binaryRequest(parameters: object = {}): { body: Uint8Array<ArrayBuffer>; header: string } {
  const data = new Float32Array(pixels);
  const header = Buffer.from(
    JSON.stringify({
      id: 'r1',
      inputs: [{ ...image, parameters: { binary_data_size: data.byteLength } }],
      ...parameters,
    }),
  );
  return {
    body: Uint8Array.from(Buffer.concat([header, Buffer.from(data.buffer)])),
    header: String(header.byteLength),
  };
}

test('a request that fails says at which version, too', async () => {
  const { status, headers } = await post('/v2/models/digits/infer', '{"inputs": []}');
  expect(status).toBe(400);
  expect([headers.get('x-model-version'), headers.get('x-route')]).toEqual(['1', 'production']);
  const unknown = await post('/v2/models/nobody/infer', jsonRequest);
  expect(unknown.headers.get('x-model-version')).toBeNull();
});

describe('the same answer in every form', () => {
  let expected: Answer;
  beforeAll(async () => {
    const { status, headers, bytes } = await post('/v2/models/digits/infer', jsonRequest);
    expect(status).toBe(200);
    expect(headers.get('content-type')).toBe('application/json');
    expect(headers.get('x-model-version')).toBe('1');
    expect(headers.get('x-route')).toBe('production');
    expect(headers.get('server-timing')).toMatch(
      /^decode;dur=[\d.]+, queue;dur=[\d.]+, infer;dur=[\d.]+, encode;dur=[\d.]+$/,
    );
    expected = parse(bytes);
    expect(expected).toMatchObject({ id: 'r1', model_name: 'digits', model_version: '1' });
    expect(expected.outputs.map(({ name, shape }) => [name, shape])).toEqual([
      ['label', [1]],
      ['probabilities', [1, 10]],
    ]);
  });

  test('binary in, binary out, in the order asked for', async () => {
    const { body, header } = binaryRequest({
      outputs: [
        { name: 'probabilities', parameters: { binary_data: true } },
        { name: 'label', parameters: { binary_data: true } },
      ],
    });
    const { headers, bytes } = await post('/v2/models/digits/infer', body, {
      'inference-header-content-length': header,
    });
    expect(headers.get('content-type')).toBe('application/octet-stream');
    const length = Number(headers.get('inference-header-content-length'));
    const { outputs } = parse(bytes.subarray(0, length));
    expect(outputs.map(({ name, parameters }) => [name, parameters])).toEqual([
      ['probabilities', { binary_data_size: 40 }],
      ['label', { binary_data_size: 8 }],
    ]);
    const tail = Uint8Array.from(bytes.subarray(length));
    expect(new Float32Array(tail.buffer, 0, 10)).toEqual(
      Float32Array.from(expected.outputs[1]?.data ?? []),
    );
    expect(new DataView(tail.buffer).getBigInt64(40, true)).toBe(
      BigInt(expected.outputs[0]?.data?.[0] ?? -1),
    );
  });

  test('binary in, JSON out', async () => {
    const { body, header } = binaryRequest();
    const { headers, bytes } = await post('/v2/models/digits/infer', body, {
      'inference-header-content-length': header,
    });
    expect(headers.get('inference-header-content-length')).toBeNull();
    expect(parse(bytes)).toEqual(expected);
  });

  test('a raw body: bytes in, bytes out', async () => {
    const raw = new Uint8Array(new Float32Array(pixels).buffer);
    const { status, headers, bytes } = await post('/v2/models/digits/infer', raw, {
      'inference-header-content-length': '0',
    });
    expect(status).toBe(200);
    const length = Number(headers.get('inference-header-content-length'));
    const tail = Uint8Array.from(bytes.subarray(length));
    expect(new Float32Array(tail.buffer.slice(8), 0, 10)).toEqual(
      Float32Array.from(expected.outputs[1]?.data ?? []),
    );
  });

  test('compressed in and out: lengths are those after decompression', async () => {
    const { body, header } = binaryRequest();
    const zipped = await post('/v2/models/digits/infer', Uint8Array.from(gzipSync(body)), {
      'inference-header-content-length': header,
      'content-encoding': 'gzip',
    });
    expect(parse(zipped.bytes)).toEqual(expected);
    const rows = 40;
    const many = JSON.stringify({
      inputs: [
        { ...image, shape: [rows, 1, 8, 8], data: Array.from({ length: rows }, () => pixels) },
      ].map((input) => ({ ...input, data: input.data.flat() })),
    });
    // node's fetch inflates by itself; a Range of tools doesn't: look at the bytes.
    const { request } = await import('node:http');
    const answer = await new Promise<{ encoding: string | undefined; bytes: Buffer }>(
      (resolve, reject) => {
        const sent = request(
          `${host.url}/v2/models/digits/infer`,
          { method: 'POST', headers: { 'accept-encoding': 'gzip' } },
          (response) => {
            const chunks: Buffer[] = [];
            response.on('data', (chunk: Buffer) => chunks.push(chunk));
            response.on('end', () => {
              resolve({
                encoding: response.headers['content-encoding'],
                bytes: Buffer.concat(chunks),
              });
            });
          },
        );
        sent.on('error', reject);
        sent.end(many);
      },
    );
    expect(answer.encoding).toBe('gzip');
    expect(parse(gunzipSync(answer.bytes)).outputs[1]?.shape).toEqual([rows, 10]);
  });

  test('only the outputs asked for', async () => {
    const asked = jsonRequest.replace('}]}', '}],"outputs":[{"name":"label"}]}');
    const { bytes } = await post('/v2/models/digits/infer', asked);
    expect(parse(bytes).outputs).toEqual([expected.outputs[0]]);
  });
});

describe('who answers', () => {
  const who = async (path: string, headers: Record<string, string> = {}) => {
    const answer = await post(path, jsonRequest, headers);
    expect([answer.status, answer.bytes.toString().slice(0, 200)]).toEqual([
      200,
      expect.anything(),
    ]);
    return [answer.headers.get('x-model-version'), answer.headers.get('x-route')];
  };

  beforeAll(async () => {
    const form = new FormData();
    form.append('model', new Blob([Uint8Array.from(await sample('digits'))]), 'model.onnx');
    form.append('card', '{"description":"the same bytes with another card"}');
    const response = await fetch(`${host.url}/models/digits/versions`, {
      method: 'POST',
      headers: { prefer: 'wait=60' },
      body: form,
    });
    expect(await response.json()).toMatchObject({ version: '2', state: 'ready' });
  });

  test('production, a pinned version, an alias', async () => {
    expect(await who('/v2/models/digits/infer')).toEqual(['1', 'production']);
    expect(await who('/v2/models/digits/versions/2/infer')).toEqual(['2', 'pinned']);
    expect(await json('PUT', '/models/digits/aliases/best', { version: '2' })).toMatchObject({
      status: 200,
    });
    expect(await who('/v2/models/digits/versions/best/infer')).toEqual(['2', 'alias']);
  });

  test('a candidate takes its share, and a key stays where it is', async () => {
    const routing = { production: '1', candidate: { version: '2', percent: 50 } };
    expect(await json('PUT', '/models/digits/routing', routing)).toMatchObject({ status: 200 });
    const routes = new Map<string, string>();
    for (let round = 0; round < 2; round++) {
      for (let key = 0; key < 40; key++) {
        const [version, route] = await who('/v2/models/digits/infer', {
          'x-routing-key': `caller-${key}`,
        });
        const chosen = `${version ?? ''} ${route ?? ''}`;
        expect(routes.get(`caller-${key}`) ?? chosen).toBe(chosen);
        routes.set(`caller-${key}`, chosen);
      }
    }
    expect(new Set(routes.values())).toEqual(new Set(['1 production', '2 candidate']));
    expect(await json('PUT', '/models/digits/routing', { production: '2' })).toMatchObject({
      status: 200,
    });
    expect(await who('/v2/models/digits/infer')).toEqual(['2', 'production']);
  });

  test('If-Match guards a change, and every change is an event', async () => {
    const { headers } = await json('GET', '/models/digits');
    const etag = headers.get('etag') ?? '';
    const changed = await json(
      'PUT',
      '/models/digits/routing',
      { production: '1' },
      { 'if-match': etag },
    );
    expect(changed.status).toBe(200);
    expect(changed.headers.get('etag')).not.toBe(etag);
    const stale = await json(
      'PUT',
      '/models/digits/routing',
      { production: '2' },
      { 'if-match': etag },
    );
    expect(stale.status).toBe(412);
    const { document } = await json('GET', '/models/digits/events');
    const events = document['events'] as { seq: number; at: string; type: string }[];
    expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index + 1));
    const named = events.find(({ type }) => type === 'aliased');
    const then = await json('GET', `/models/digits/events?at=${named?.at ?? ''}`);
    expect(then.document).toMatchObject({ routing: { production: '1' }, aliases: { best: '2' } });
  });

  test('retired: 404, and its readiness is told', async () => {
    expect((await json('DELETE', '/models/digits/aliases/best')).status).toBe(200);
    expect((await json('DELETE', '/models/digits/versions/2')).status).toBe(204);
    expect((await post('/v2/models/digits/versions/2/infer', jsonRequest)).status).toBe(404);
    expect(await json('GET', '/v2/models/digits/versions/2/ready')).toMatchObject({
      status: 503,
      document: { name: 'digits', ready: false },
    });
  });
});

describe('what the server tells', () => {
  test('the server and the model', async () => {
    expect((await json('GET', '/v2')).document).toMatchObject({ name: 'pilotlight' });
    expect((await json('GET', '/v2/health/ready')).document).toEqual({ ready: true });
    expect((await json('GET', '/v2/models/digits')).document).toEqual({
      name: 'digits',
      versions: ['1'],
      platform: 'onnx_onnxv1',
      inputs: [{ name: 'image', datatype: 'FP32', shape: [-1, 1, 8, 8] }],
      outputs: [
        { name: 'label', datatype: 'INT64', shape: [-1] },
        { name: 'probabilities', datatype: 'FP32', shape: [-1, 10] },
      ],
    });
    expect((await json('GET', '/v2/models/digits/ready')).document).toEqual({
      name: 'digits',
      ready: true,
    });
    expect((await json('GET', '/v2/models/digits/config')).document).toMatchObject({
      backend: 'onnxruntime',
      max_batch_size: 0,
      input: [{ name: 'image', data_type: 'TYPE_FP32', dims: [-1, 1, 8, 8] }],
    });
    expect((await json('GET', '/v2/models/nobody/ready')).status).toBe(404);
  });

  test('statistics count rows and runs', async () => {
    interface Statistics {
      model_stats: { name: string; version: string; inference_count: number }[];
    }
    const of = async (path: string) => {
      const { model_stats } = (await json('GET', path)).document as unknown as Statistics;
      const mine = model_stats.find(({ name, version }) => name === 'digits' && version === '1');
      return mine?.inference_count ?? 0;
    };
    const before = await of('/v2/models/digits/versions/1/stats');
    await post('/v2/models/digits/infer', jsonRequest);
    expect(await of('/v2/models/stats')).toBe(before + 1);
    expect(await of('/v2/models/digits/stats')).toBe(before + 1);
  });

  test('requests that arrive together share runs', async () => {
    interface Statistics {
      model_stats: { execution_count: number; batch_stats: { batch_size: number }[] }[];
    }
    const shared = async () => {
      const { document } = await json('GET', '/v2/models/digits/versions/1/stats');
      const [mine] = (document as unknown as Statistics).model_stats;
      return mine?.batch_stats.some(({ batch_size }) => batch_size > 1);
    };
    for (let round = 0; round < 50 && !(await shared()); round++) {
      await Promise.all(
        Array.from({ length: 50 }, () => post('/v2/models/digits/infer', jsonRequest)),
      );
    }
    expect(await shared()).toBe(true);
  });

  test('the repository: index, unload, load; a request after an unload loads again', async () => {
    const index = await json('POST', '/v2/repository/index', { ready: true });
    expect(index.document).toEqual([{ name: 'digits', version: '1', state: 'READY', reason: '' }]);
    expect((await json('POST', '/v2/repository/models/digits/unload')).status).toBe(200);
    expect((await post('/v2/models/digits/infer', jsonRequest)).status).toBe(200);
    expect((await json('POST', '/v2/repository/models/digits/load')).status).toBe(200);
    expect((await json('POST', '/v2/repository/models/nobody/load')).status).toBe(404);
  });
});
