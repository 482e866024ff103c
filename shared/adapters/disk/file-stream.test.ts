import { type FileHandle, mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { streamFile } from './file-stream.ts';

let dir: string;
let path: string;
let closes: { readonly mock: { readonly calls: readonly unknown[] }; mockRestore(): void };
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'file-stream-'));
  path = join(dir, 'file');
  await writeFile(path, Buffer.alloc(1_000_000, 7));
  const handle = await open(path);
  await handle.close();
  closes = jest.spyOn(Object.getPrototypeOf(handle) as FileHandle, 'close');
});
afterEach(async () => {
  closes.mockRestore();
  await rm(dir, { recursive: true, force: true });
});

test('the file is closed when its reader has read all, or cancels', async () => {
  const whole = await streamFile(path, { start: 0, end: 1_000_000 });
  let bytes = 0;
  for await (const chunk of whole) bytes += chunk.byteLength;
  expect(bytes).toBe(1_000_000);
  expect(closes.mock.calls).toHaveLength(1);

  const left = await streamFile(path, { start: 0, end: 1_000_000 });
  expect(closes.mock.calls).toHaveLength(1);
  await left.cancel();
  expect(closes.mock.calls).toHaveLength(2);
});

test('the file is closed when its reader is gone without a word', async () => {
  const stream = await streamFile(path, { start: 0, end: 1_000_000, idleMs: 20 });
  const reader = stream.getReader();
  expect((await reader.read()).done).toBe(false);
  while (closes.mock.calls.length === 0) await sleep(5);
  expect(await reader.read()).toEqual({ done: true, value: undefined });
});
