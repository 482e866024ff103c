import { createHash, randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { createSpool } from './spool.ts';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'spool-'));
});
afterEach(async () => {
  await rm(dir, { recursive: true, force: true });
});

const files = async (): Promise<string[]> => {
  const inside = await readdir(dir, { recursive: true, withFileTypes: true });
  return inside.filter((entry) => entry.isFile()).map((entry) => entry.name);
};
const body = (...chunks: Uint8Array[]): AsyncIterable<Uint8Array> =>
  (async function* () {
    for (const chunk of chunks) yield await Promise.resolve(chunk);
  })();
const limit = (maxBytes: number) => ({ what: 'body', maxBytes });

test('a body stands on disk with its digest until it is discarded', async () => {
  const spool = createSpool({ dir, maxBytes: 1000 });
  const chunks = [randomBytes(10), randomBytes(0), randomBytes(300)];
  const whole = Buffer.concat(chunks);
  const file = await spool.write(body(...chunks), limit(310));
  expect(file).toMatchObject({
    bytes: 310,
    digest: createHash('sha256').update(whole).digest('hex'),
  });
  expect(whole.equals(await readFile(file.path))).toBe(true);
  await file.discard();
  await file.discard();
  expect(await files()).toEqual([]);
});

test('one byte beyond the limit is too large, and nothing is left', async () => {
  const spool = createSpool({ dir, maxBytes: 1000 });
  const written = spool.write(body(randomBytes(10), randomBytes(1)), limit(10));
  await expect(written).rejects.toMatchObject({
    failure: { kind: 'tooLarge', detail: expect.stringContaining('/uploads') as unknown },
  });
  expect(await files()).toEqual([]);
  expect((await spool.write(body(randomBytes(10)), limit(10))).bytes).toBe(10);
});

test('bodies are bounded together, and room comes back when one goes', async () => {
  const spool = createSpool({ dir, maxBytes: 100 });
  const first = await spool.write(body(randomBytes(60)), limit(100));
  const second = spool.write(body(randomBytes(40), randomBytes(1)), limit(100));
  await expect(second).rejects.toMatchObject({
    failure: { kind: 'overloaded', retryAfterSeconds: expect.any(Number) as unknown },
  });
  expect(await files()).toHaveLength(1);
  await first.discard();
  const third = await spool.write(body(randomBytes(100)), limit(100));
  expect(third.bytes).toBe(100);
});

test('a sender who breaks off leaves nothing, and its room comes back', async () => {
  const spool = createSpool({ dir, maxBytes: 100 });
  const broken = new Error('the connection was lost');
  const source = (async function* () {
    yield await Promise.resolve(randomBytes(90));
    throw broken;
  })();
  await expect(spool.write(source, limit(100))).rejects.toBe(broken);
  expect(await files()).toEqual([]);
  expect((await spool.write(body(randomBytes(100)), limit(100))).bytes).toBe(100);
});

test('what a check throws is thrown, and nothing is left', async () => {
  const spool = createSpool({ dir, maxBytes: 100 });
  const seen: number[] = [];
  const refusal = new Error('wrong content');
  const check = {
    push: (chunk: Uint8Array) => seen.push(chunk.length),
    end: () => {
      throw refusal;
    },
  };
  const written = spool.write(body(randomBytes(3), randomBytes(4)), { ...limit(100), check });
  await expect(written).rejects.toBe(refusal);
  expect(seen).toEqual([3, 4]);
  expect(await files()).toEqual([]);
});

test('leftovers of processes that ended are removed, those of others stay', async () => {
  const leave = async (name: string) => {
    await mkdir(join(dir, name), { recursive: true });
    await writeFile(join(dir, name, 'left'), 'x');
  };
  await leave('2147483646-1'); // no such process
  await leave(`${process.pid}-1`); // an earlier process with our number
  await leave('1-1'); // a process that runs
  await leave('something else');
  const file = await createSpool({ dir, maxBytes: 100 }).write(body(randomBytes(1)), limit(1));
  const own = file.path.slice(dir.length + 1).split('/')[0] ?? '';
  expect((await readdir(dir)).sort()).toEqual([own, '1-1', 'something else'].sort());
});
