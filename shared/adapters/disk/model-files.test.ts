import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, stat, unlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { ServingError } from '../../errors.ts';
import type { Digest, ModelName } from '../../ids.ts';
import type { ArtifactRef, ArtifactStore } from '../../ports/artifacts.ts';
import { artifactName } from '../artifact-name.ts';
import { createMemoryArtifacts, type MemoryArtifacts } from '../memory/artifacts.ts';
import { createModelFiles } from './model-files.ts';

let dir: string;
let artifacts: MemoryArtifacts;
let fetches: string[];
let counted: Pick<ArtifactStore, 'fetch'>;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'model-files-'));
  artifacts = createMemoryArtifacts();
  fetches = [];
  counted = {
    fetch(ref, file) {
      fetches.push(ref.digest);
      return artifacts.fetch(ref, file);
    },
  };
});
afterEach(async () => {
  await rm(dir, { recursive: true, force: true });
});

function stored(bytes: Uint8Array, model = 'm'): ArtifactRef {
  const digest = createHash('sha256').update(bytes).digest('hex') as Digest;
  const ref = { model: model as ModelName, incarnation: 1, digest, name: 'model.onnx' } as const;
  artifacts.artifacts.set(artifactName(ref), bytes);
  return ref;
}
const onDisk = async (): Promise<string[]> =>
  (await readdir(dir)).filter((name) => name.endsWith('.onnx')).sort();
const fileOf = (ref: ArtifactRef): string => `${ref.digest}.onnx`;
const kindOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => 'no failure',
    (error: unknown) => (error instanceof ServingError ? error.failure.kind : error),
  );

describe('bringing files', () => {
  test('many who ask at once share one download', async () => {
    const bytes = randomBytes(1000);
    const ref = stored(bytes);
    const files = createModelFiles({ dir, artifacts: counted, maxBytes: 1000 });
    const all = await Promise.all(Array.from({ length: 20 }, () => files.open(ref, 1000)));
    expect(fetches).toHaveLength(1);
    for (const { path } of all) expect(bytes.equals(await readFile(path))).toBe(true);
  });

  test('the same bytes of two models take one file', async () => {
    const bytes = randomBytes(800);
    const files = createModelFiles({ dir, artifacts: counted, maxBytes: 1000 });
    const [a, b] = await Promise.all([
      files.open(stored(bytes, 'a'), 800),
      files.open(stored(bytes, 'b'), 800),
    ]);
    expect(a.path).toBe(b.path);
    expect(await onDisk()).toHaveLength(1);
  });

  test('a file of an earlier run is used when its bytes are right', async () => {
    const ref = stored(randomBytes(500));
    await createModelFiles({ dir, artifacts: counted, maxBytes: 1000 }).open(ref, 500);
    const later = createModelFiles({ dir, artifacts: counted, maxBytes: 1000 });
    await later.open(ref, 500);
    expect(fetches).toHaveLength(1);
  });

  test.each([
    ['damaged', (bytes: Buffer) => bytes.fill(0, 100, 101).fill(1, 101, 102)],
    ['truncated', (bytes: Buffer) => bytes.subarray(0, 499)],
  ])('a %s file of an earlier run is brought anew', async (_, damage) => {
    const bytes = randomBytes(500).fill(7, 100, 102);
    const ref = stored(bytes);
    await writeFile(join(dir, fileOf(ref)), damage(Buffer.from(bytes)));
    const files = createModelFiles({ dir, artifacts: counted, maxBytes: 1000 });
    const file = await files.open(ref, 500);
    expect(fetches).toHaveLength(1);
    expect(bytes.equals(await readFile(file.path))).toBe(true);
  });

  test('a file that somebody removed is brought again', async () => {
    const ref = stored(randomBytes(500));
    const files = createModelFiles({ dir, artifacts: counted, maxBytes: 1000 });
    await unlink((await files.open(ref, 500)).path);
    expect((await stat((await files.open(ref, 500)).path)).size).toBe(500);
  });

  test('what is absent or damaged in storage fails for all who ask, and takes no room', async () => {
    const files = createModelFiles({ dir, artifacts: counted, maxBytes: 1000 });
    const absent = stored(randomBytes(900));
    artifacts.artifacts.clear();
    const asked = [files.open(absent, 900), files.open(absent, 900)];
    expect(await Promise.all(asked.map(kindOf))).toEqual(['damaged', 'damaged']);
    const damaged = stored(randomBytes(900));
    artifacts.artifacts.set(artifactName(damaged), randomBytes(900));
    expect(await kindOf(files.open(damaged, 900))).toBe('damaged');
    expect(await onDisk()).toEqual([]);
    await files.open(stored(randomBytes(1000)), 1000);
  });

  test('a failure is not kept: the next one to ask tries again', async () => {
    const ref = stored(randomBytes(10));
    let down = true;
    const files = createModelFiles({
      dir,
      artifacts: {
        fetch: (wanted, file) =>
          down
            ? Promise.reject(
                new ServingError({ kind: 'unavailable', detail: 'down', retryAfterSeconds: 1 }),
              )
            : artifacts.fetch(wanted, file),
      },
      maxBytes: 100,
    });
    expect(await kindOf(files.open(ref, 10))).toBe('unavailable');
    down = false;
    expect((await readFile((await files.open(ref, 10)).path)).length).toBe(10);
  });
});

describe('the bound', () => {
  test('the one not used for longest goes, one in use never', async () => {
    const files = createModelFiles({ dir, artifacts: counted, maxBytes: 1000 });
    const [a, b, c, d] = [1, 2, 3, 4].map(() => stored(randomBytes(400)));
    if (!a || !b || !c || !d) throw new Error('four refs');
    const heldA = await files.open(a, 400);
    (await files.open(b, 400)).release();
    (await files.open(c, 400)).release();
    expect(await onDisk()).toEqual([fileOf(a), fileOf(c)].sort());
    const heldD = await files.open(d, 400);
    expect(await onDisk()).toEqual([fileOf(a), fileOf(d)].sort());
    expect(await kindOf(files.open(b, 400))).toBe('overloaded');
    heldA.release();
    heldA.release();
    await files.open(b, 400);
    expect(await onDisk()).toEqual([fileOf(b), fileOf(d)].sort());
    heldD.release();
  });

  test('using a file again makes it young', async () => {
    const files = createModelFiles({ dir, artifacts: counted, maxBytes: 200 });
    const [a, b, c] = [1, 2, 3].map(() => stored(randomBytes(100)));
    if (!a || !b || !c) throw new Error('three refs');
    for (const ref of [a, b, a, c]) (await files.open(ref, 100)).release();
    expect(await onDisk()).toEqual([fileOf(a), fileOf(c)].sort());
  });

  test('a file goes only when every holder has released it', async () => {
    const files = createModelFiles({ dir, artifacts: counted, maxBytes: 100 });
    const ref = stored(randomBytes(60));
    const [first, second] = [await files.open(ref, 60), await files.open(ref, 60)];
    first.release();
    first.release();
    expect(await kindOf(files.open(stored(randomBytes(60)), 60))).toBe('overloaded');
    second.release();
    expect(await kindOf(files.open(stored(randomBytes(60)), 60))).toBe('no failure');
  });

  test('what can never fit is too large', async () => {
    const files = createModelFiles({ dir, artifacts: counted, maxBytes: 100 });
    expect(await kindOf(files.open(stored(randomBytes(101)), 101))).toBe('tooLarge');
  });

  test('files of an earlier run count, and the oldest goes first', async () => {
    const [old, young] = [stored(randomBytes(40)), stored(randomBytes(40))];
    const before = createModelFiles({ dir, artifacts: counted, maxBytes: 100 });
    for (const ref of [young, old]) await before.open(ref, 40);
    await utimes(join(dir, fileOf(old)), new Date(1), new Date(1));
    const files = createModelFiles({ dir, artifacts: counted, maxBytes: 100 });
    const next = stored(randomBytes(50));
    await files.open(next, 50);
    expect(await onDisk()).toEqual([fileOf(young), fileOf(next)].sort());
  });

  test('files asked for and given up at random never exceed it, and each has its bytes', async () => {
    const files = createModelFiles({ dir, artifacts: counted, maxBytes: 500 });
    const all = Array.from({ length: 12 }, (_, i) => ({
      bytes: Buffer.alloc(100, i),
      ref: stored(Buffer.alloc(100, i)),
    }));
    const worker = async (seed: number): Promise<void> => {
      for (let i = 0; i < 60; i++) {
        const pick = all[(i * seed + seed) % all.length];
        if (!pick) throw new Error('a pick');
        const file = await files.open(pick.ref, 100);
        expect(pick.bytes.equals(await readFile(file.path))).toBe(true);
        expect((await onDisk()).length).toBeLessThanOrEqual(5);
        file.release();
      }
    };
    await Promise.all([1, 5, 7, 11].map(worker));
  });
});

describe('a stream of a file', () => {
  const gather = async (stream: ReadableStream<Uint8Array>): Promise<Buffer> => {
    const chunks: Uint8Array[] = [];
    for await (const chunk of stream) chunks.push(chunk);
    return Buffer.concat(chunks);
  };

  test('has exactly the bytes asked for, also of a file that went meanwhile', async () => {
    const bytes = randomBytes(700_000);
    const ref = stored(bytes);
    const files = createModelFiles({ dir, artifacts: counted, maxBytes: 1_000_000 });
    const file = await files.open(ref, bytes.length);
    const whole = await file.stream(0, bytes.length);
    const part = await file.stream(299_999, 600_001);
    const last = await file.stream(699_999, 700_000);
    file.release();
    await unlink(file.path);
    expect(bytes.equals(await gather(whole))).toBe(true);
    expect(bytes.subarray(299_999, 600_001).equals(await gather(part))).toBe(true);
    expect(bytes.subarray(699_999).equals(await gather(last))).toBe(true);
  });

  test('ends early instead of erring', async () => {
    const bytes = randomBytes(1000);
    const files = createModelFiles({ dir, artifacts: counted, maxBytes: 10_000 });
    const file = await files.open(stored(bytes), 1000);
    expect((await gather(await file.stream(0, 2000))).length).toBe(1000);
  });
});
