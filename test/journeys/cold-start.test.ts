import { afterAll, expect, test } from '@jest/globals';
import { infer, sample } from './client.ts';
import { discard, type RunningHost, startHost } from './running-host.ts';

// An instance that starts: it loads what asks for it, and says once what its first answer took.

let host: RunningHost | undefined;
afterAll(async () => {
  if (host) await discard(host);
});

const image = { name: 'image', datatype: 'FP32', shape: [1, 1, 8, 8] };
const request = { inputs: [{ ...image, data: new Array<number>(64).fill(0.5) }] };

async function register(url: string, model: string, card: unknown): Promise<void> {
  const form = new FormData();
  form.set('model', new Blob([Uint8Array.from(await sample('digits'))]), 'model.onnx');
  form.set('card', new Blob([JSON.stringify(card)]), 'card.json');
  const response = await fetch(`${url}/models/${model}/versions`, {
    method: 'POST',
    headers: { prefer: 'wait=60' },
    body: form,
  });
  expect(response.status).toBe(201);
}

const coldStarts = ({ lines }: RunningHost) => lines.filter((line) => line.includes('cold start'));

test('a model that asks for it is there before its first request; one line tells the phases', async () => {
  const first = await startHost();
  host = first;
  await register(first.url, 'eager', { preload: true });
  await register(first.url, 'lazy', {});
  await infer(first.url, 'lazy', request);
  await first.line(/cold start/);
  await infer(first.url, 'eager', request);
  for (const phase of ['boot', 'runtime', 'registry', 'download', 'create', 'firstRun']) {
    expect(coldStarts(first)[0]).toMatch(new RegExp(`\\b${phase} [0-9]+\\.[0-9]`));
  }
  await first.stop();
  expect(coldStarts(first)).toHaveLength(1);

  const second = await startHost({ dataDir: first.dataDir });
  host = second;
  await second.line(/warmup: 1 model versions preloaded/);
  await infer(second.url, 'eager', request);
  await second.line(/cold start/);
  expect(coldStarts(second)[0]).toMatch(/\bverify [0-9]/);
  expect(coldStarts(second)[0]).not.toMatch(/\bdownload\b/);
});
