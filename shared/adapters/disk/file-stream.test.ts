import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { streamFile } from './file-stream.ts';

const BYTES = 1_000_000;
let dir: string;
let path: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'file-stream-'));
  path = join(dir, 'file');
  await writeFile(path, Buffer.alloc(BYTES, 7));
});
afterEach(async () => {
  await rm(dir, { recursive: true, force: true });
});

test('the file is closed when its reader has read all, or cancels', async () => {
  let closed = 0;
  const onClose = () => {
    closed++;
  };
  let bytes = 0;
  for await (const chunk of await streamFile(path, { start: 0, end: BYTES, onClose })) {
    bytes += chunk.byteLength;
  }
  expect([bytes, closed]).toEqual([BYTES, 1]);

  const left = await streamFile(path, { start: 0, end: BYTES, onClose });
  expect(closed).toBe(1);
  await left.cancel();
  expect(closed).toBe(2);
});

test('the file is closed when its reader is gone without a word', async () => {
  let close: () => void = () => undefined;
  const closed = new Promise<void>((resolve) => {
    close = resolve;
  });
  const options = { start: 0, end: BYTES, idleMs: 20, onClose: close };
  const reader = (await streamFile(path, options)).getReader();
  expect((await reader.read()).done).toBe(false);
  await closed;
  expect(await reader.read()).toEqual({ done: true, value: undefined });
});

test('a reader who is slow, but reads, keeps the file open', async () => {
  jest.useFakeTimers({ doNotFake: ['nextTick', 'queueMicrotask', 'setImmediate'] });
  try {
    const options = { start: 0, end: BYTES, idleMs: 1_000 };
    const reader = (await streamFile(path, options)).getReader();
    let bytes = 0;
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      bytes += value.byteLength;
      jest.advanceTimersByTime(900);
    }
    expect(bytes).toBe(BYTES);
  } finally {
    jest.useRealTimers();
  }
});
