import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { register, sample } from '../journeys/client.ts';
import { discard, type RunningHost, startHost } from '../journeys/running-host.ts';

// Clients that others wrote. `npm run test:clients` installs them into a virtual environment.

const PYTHON = resolve('out/clients/bin/python');

let host: RunningHost;
beforeAll(async () => {
  host = await startHost();
  expect(await register(host.url, 'digits', await sample('digits'))).toMatchObject({ status: 201 });
});
afterAll(async () => {
  await discard(host);
});

interface Answer {
  readonly label: number[];
  readonly probabilities: number[][];
}

test('NVIDIA’s tritonclient: JSON and binary, compressed, metadata, statistics, repository, refusals', async () => {
  const { stdout } = await promisify(execFile)(PYTHON, [
    'test/wide/clients/triton.py',
    new URL(host.url).host,
  ]);
  const seen = JSON.parse(stdout) as Record<string, unknown> & { answers: Record<string, Answer> };
  expect(seen).toMatchObject({
    live: true,
    ready: true,
    'model ready': true,
    'nobody ready': false,
    server: { name: 'pilotlight' },
    metadata: { name: 'digits', versions: ['1'], platform: 'onnx_onnxv1' },
    config: { input: [{ data_type: 'TYPE_FP32', dims: [-1, 1, 8, 8] }] },
    statistics: { model_stats: [{ name: 'digits', version: '1', execution_count: 7 }] },
    index: [{ name: 'digits', version: '1', state: 'READY', reason: '' }],
    'unknown model': { message: expect.stringMatching(/^Request for unknown model/) },
    'wrong shape': {
      message: 'input `image`: expected FP32 [-1,1,8,8], got FP32 [1,64]',
    },
  });
  const { answers } = seen;
  const first = answers['binary in, binary out'];
  expect(first?.label).toHaveLength(2);
  for (const other of [
    ...Object.values(answers),
    seen['gzip'],
    seen['deflate'],
    seen['pinned'],
    seen['after a reload'],
  ]) {
    expect(other).toEqual(first);
  }
});
