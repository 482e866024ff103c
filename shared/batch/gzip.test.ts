import { randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import { ServingError } from '../errors.ts';
import { inflated, isGzip } from './gzip.ts';

async function* blocksOf(bytes: Uint8Array, blockBytes: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.byteLength; at += blockBytes) {
    yield await Promise.resolve(bytes.subarray(at, at + blockBytes));
  }
}

async function all(source: AsyncIterable<Uint8Array>, maxBytes = 1e9): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const part of inflated(source, { maxBytes })) parts.push(part);
  return Buffer.concat(parts);
}

test('gzip is seen by its first bytes', () => {
  expect(isGzip(gzipSync('x'))).toBe(true);
  expect(isGzip(Buffer.from('id,x\n'))).toBe(false);
  expect(isGzip(Uint8Array.of(0x1f))).toBe(false);
});

test('several members are one file, wherever the blocks are cut', async () => {
  const members = Buffer.concat([gzipSync('a\nb'), gzipSync(''), gzipSync('c\n'), gzipSync('d')]);
  for (let blockBytes = 1; blockBytes <= members.byteLength; blockBytes++) {
    expect((await all(blocksOf(members, blockBytes))).toString()).toBe('a\nbc\nd');
  }
});

describe('what is wrong is told', () => {
  const file = gzipSync(randomBytes(2_000));
  test('wherever it ends early', async () => {
    for (let length = 2; length < file.byteLength; length += length < 40 ? 1 : 97) {
      await expect(all(blocksOf(file.subarray(0, length), 64))).rejects.toMatchObject({
        failure: { kind: 'malformed', detail: 'gzip: it ends early' },
      });
    }
  });
  test('other bytes, and changed ones', async () => {
    const damaged = {
      failure: { kind: 'malformed', detail: expect.stringMatching(/it is damaged/) },
    };
    await expect(all(blocksOf(Buffer.from('id,x\n1,2\n'), 4))).rejects.toMatchObject(damaged);
    const flipped = Buffer.from(file);
    flipped[flipped.length - 6] = (flipped.at(-6) ?? 0) ^ 1;
    await expect(all(blocksOf(flipped, 64))).rejects.toMatchObject(damaged);
    await expect(
      all(blocksOf(Buffer.concat([file, Buffer.from('more')]), 64)),
    ).rejects.toMatchObject(damaged);
  });
  test('more than the bound, however small the file', async () => {
    const bomb = gzipSync(Buffer.alloc(5_000_000));
    expect(await all(blocksOf(bomb, 999), 5_000_000)).toHaveLength(5_000_000);
    await expect(all(blocksOf(bomb, 999), 4_999_999)).rejects.toMatchObject({
      failure: { kind: 'tooLarge', detail: expect.stringContaining('4999999 bytes once inflated') },
    });
  });
  test('what the source throws', async () => {
    const gone = new ServingError({ kind: 'conflict', detail: 'it changed' });
    async function* failing(): AsyncGenerator<Uint8Array> {
      yield await Promise.resolve(file.subarray(0, 100));
      throw gone;
    }
    await expect(all(failing())).rejects.toBe(gone);
  });
});

test('a reader that stops lets the source end', async () => {
  let ended = false;
  async function* endless(): AsyncGenerator<Uint8Array> {
    try {
      for (;;) yield await Promise.resolve(gzipSync(randomBytes(100_000)));
    } finally {
      ended = true;
    }
  }
  for await (const part of inflated(endless(), { maxBytes: Infinity })) {
    expect(part.byteLength).toBeGreaterThan(0);
    break;
  }
  await new Promise((done) => setImmediate(done));
  expect(ended).toBe(true);
});
