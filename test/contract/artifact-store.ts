import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { DroppedBlob } from '../../shared/drops/drop.ts';
import type { Digest, ModelName } from '../../shared/ids.ts';
import type { ArtifactRef, ArtifactStore } from '../../shared/ports/artifacts.ts';

/** A store that reads in ranges of `RANGE_BYTES`, and the ways to do to it what others may do. */
export interface ArtifactHarness {
  readonly store: ArtifactStore;
  /** What stands under a name, whatever stood there. */
  replace(name: string, bytes: Uint8Array): Promise<void>;
  stored(name: string): Promise<Uint8Array | undefined>;
  upload(name: string, bytes: Uint8Array): Promise<void>;
  /** Writes a blob of `incoming`; answers it as it then is. */
  drop(path: string, bytes: Uint8Array): Promise<DroppedBlob>;
  /** Called before each read of a range. */
  beforeRange(hook: () => void | Promise<void>): void;
  close(): Promise<void>;
}

export const RANGE_BYTES = 1024;

/** What every artifact store does. */
export function artifactStoreContract(name: string, make: () => Promise<ArtifactHarness>): void {
  describe(`artifact store: ${name}`, () => {
    let harness: ArtifactHarness;
    let folder: string;
    let models = 0;

    beforeAll(async () => {
      harness = await make();
      folder = await mkdtemp(join(tmpdir(), 'artifacts-'));
    });
    afterAll(async () => {
      await harness.close();
      await rm(folder, { recursive: true, force: true });
    });

    /** Bytes in a file, and the ref of a model nobody has used yet. */
    const given = async (bytes: Uint8Array): Promise<{ ref: ArtifactRef; file: string }> => {
      const file = join(folder, `given-${++models}`);
      await writeFile(file, bytes);
      const model = `m${models}` as ModelName;
      return { ref: { model, incarnation: 1, digest: sha256(bytes), name: 'model.onnx' }, file };
    };
    const target = async (): Promise<string> => join(await mkdtemp(join(folder, 'to-')), 'file');

    const failure = async (work: Promise<unknown>): Promise<unknown> =>
      work.then(
        () => 'no failure',
        (error: unknown) => (error as { failure?: { kind?: string } }).failure?.kind ?? error,
      );

    test('what is put is fetched, at every size around the borders of ranges and blocks', async () => {
      const sizes = fc
        .tuple(fc.nat({ max: 10 }), fc.integer({ min: -1, max: 1 }))
        .map(([ranges, off]) => Math.max(1, ranges * RANGE_BYTES + off));
      await fc.assert(
        fc.asyncProperty(sizes, async (size) => {
          const bytes = randomBytes(size);
          const { ref, file } = await given(bytes);
          await harness.store.put(ref, file);
          const to = await target();
          expect(await harness.store.fetch(ref, to)).toBe(true);
          expect(bytes.equals(await readFile(to))).toBe(true);
        }),
        { numRuns: 40 },
      );
    });

    test('what is absent is false, and leaves no file', async () => {
      const { ref } = await given(randomBytes(10));
      const to = await target();
      expect(await harness.store.fetch(ref, to)).toBe(false);
      expect(await readdir(join(to, '..'))).toEqual([]);
    });

    test('what stands is left as it is', async () => {
      const bytes = randomBytes(3 * RANGE_BYTES);
      const { ref, file } = await given(bytes);
      await harness.store.put(ref, file);
      await writeFile(file, 'other bytes under the same ref');
      await harness.store.put(ref, file);
      expect(await harness.stored(nameOf(ref))).toEqual(new Uint8Array(bytes));
    });

    test('many who put the same at once all succeed', async () => {
      const bytes = randomBytes(9 * RANGE_BYTES + 5);
      const { ref, file } = await given(bytes);
      await Promise.all(Array.from({ length: 8 }, () => harness.store.put(ref, file)));
      expect(await harness.stored(nameOf(ref))).toEqual(new Uint8Array(bytes));
    });

    test.each([
      ['damaged', (bytes: Buffer) => flipped(bytes, 2000)],
      ['truncated', (bytes: Buffer) => bytes.subarray(0, 2 * RANGE_BYTES)],
      ['emptied', () => Buffer.alloc(0)],
      ['grown', (bytes: Buffer) => Buffer.concat([bytes, Buffer.from('x')])],
    ])('a %s artifact never appears on disk', async (_, damage) => {
      const bytes = randomBytes(4 * RANGE_BYTES);
      const { ref, file } = await given(bytes);
      await harness.store.put(ref, file);
      await harness.replace(nameOf(ref), damage(bytes));
      const to = await target();
      expect(await failure(harness.store.fetch(ref, to))).toBe('damaged');
      expect(await readdir(join(to, '..'))).toEqual([]);
    });

    test('one replaced between two ranges is never stitched together', async () => {
      const bytes = randomBytes(6 * RANGE_BYTES);
      const { ref, file } = await given(bytes);
      await harness.store.put(ref, file);
      let ranges = 0;
      harness.beforeRange(async () => {
        if (++ranges === 3) await harness.replace(nameOf(ref), flipped(bytes, bytes.length - 1));
      });
      const to = await target();
      expect(await failure(harness.store.fetch(ref, to))).toBe('damaged');
      expect(ranges).toBeGreaterThan(3);
      harness.beforeRange(() => undefined);
      expect(await readdir(join(to, '..'))).toEqual([]);
    });

    test('one replaced by the right bytes meanwhile is fetched at the second attempt', async () => {
      const bytes = randomBytes(6 * RANGE_BYTES);
      const { ref, file } = await given(bytes);
      await harness.store.put(ref, file);
      await harness.replace(nameOf(ref), flipped(bytes, 0));
      let ranges = 0;
      harness.beforeRange(async () => {
        if (++ranges === 2) await harness.replace(nameOf(ref), bytes);
      });
      const to = await target();
      expect(await harness.store.fetch(ref, to)).toBe(true);
      harness.beforeRange(() => undefined);
      expect(bytes.equals(await readFile(to))).toBe(true);
    });

    test('an upload is adopted under its digest, again and at once', async () => {
      const bytes = randomBytes(5 * RANGE_BYTES + 1);
      const { ref } = await given(bytes);
      await harness.upload('a b/ü.onnx', bytes);
      const { model, incarnation, name: kind } = ref;
      const adopt = () =>
        harness.store.adopt(
          'uploads/a b/ü.onnx',
          { model, incarnation, name: kind },
          {
            maxBytes: bytes.length,
          },
        );
      const adopted = { digest: ref.digest, bytes: bytes.length };
      expect(await Promise.all([adopt(), adopt()])).toEqual([adopted, adopted]);
      expect(await adopt()).toEqual(adopted);
      expect(await harness.stored(nameOf(ref))).toEqual(new Uint8Array(bytes));
    });

    test('an upload that changes while it is hashed or copied is a conflict, and not adopted', async () => {
      for (const at of [2, 6]) {
        const bytes = randomBytes(4 * RANGE_BYTES);
        const { ref } = await given(bytes);
        await harness.upload('changing', bytes);
        let ranges = 0;
        harness.beforeRange(async () => {
          if (++ranges === at) await harness.upload('changing', flipped(bytes, 1));
        });
        const adopted = harness.store.adopt('uploads/changing', ref, { maxBytes: 1e6 });
        expect(await failure(adopted)).toBe('conflict');
        harness.beforeRange(() => undefined);
        expect(await harness.stored(nameOf(ref))).toBeUndefined();
      }
    });

    test('uploads that cannot be adopted say why', async () => {
      const { ref } = await given(randomBytes(1));
      await harness.upload('empty', Buffer.alloc(0));
      await harness.upload('large', Buffer.alloc(11));
      const adopt = (blob: string) => failure(harness.store.adopt(blob, ref, { maxBytes: 10 }));
      expect(await adopt('uploads/none')).toBe('malformed');
      expect(await adopt('uploads/empty')).toBe('malformed');
      expect(await adopt('uploads/large')).toBe('tooLarge');
      for (const elsewhere of ['incoming/x', 'uploads/', 'uploads', 'artifacts/x', '']) {
        expect(await adopt(elsewhere)).toBe('malformed');
      }
      for (const path of ['../artifacts/x', 'a/../../artifacts/x', './x', 'a//b', 'a\\..\\b']) {
        expect(await adopt(`uploads/${path}`)).toBe('malformed');
      }
      expect(await adopt(`uploads/${'x'.repeat(1025)}`)).toBe('malformed');
    });

    test('a dropped blob is adopted as it was when it had that ETag, again and at once', async () => {
      const bytes = randomBytes(5 * RANGE_BYTES + 1);
      const { ref } = await given(bytes);
      const limits = { maxBytes: bytes.length };
      const blob = await harness.drop('churn/a b/ü 100%.onnx', bytes);
      const adopt = () => harness.store.adoptDropped(blob, ref, limits);
      const adopted = { digest: ref.digest, bytes: bytes.length };
      expect(await Promise.all([adopt(), adopt()])).toEqual([adopted, adopted]);
      expect(await adopt()).toEqual(adopted);
      expect(await harness.stored(nameOf(ref))).toEqual(new Uint8Array(bytes));

      await harness.drop(blob.path, flipped(bytes, 7));
      expect(await failure(adopt())).toBe('conflict');
      const nothing = { ...blob, path: 'churn/none.onnx' };
      expect(await failure(harness.store.adoptDropped(nothing, ref, limits))).toBe('conflict');
    });

    test('a dropped blob that changes while it is hashed or copied is a conflict, and not adopted', async () => {
      for (const at of [2, 6]) {
        const bytes = randomBytes(4 * RANGE_BYTES);
        const { ref } = await given(bytes);
        const blob = await harness.drop('churn/changing.onnx', bytes);
        let ranges = 0;
        harness.beforeRange(async () => {
          if (++ranges === at) await harness.drop('churn/changing.onnx', Buffer.from(bytes));
        });
        const adopted = harness.store.adoptDropped(blob, ref, { maxBytes: 1e6 });
        expect(await failure(adopted)).toBe('conflict');
        harness.beforeRange(() => undefined);
        expect(await harness.stored(nameOf(ref))).toBeUndefined();
      }
    });

    test('dropped blobs that cannot be adopted say why', async () => {
      const { ref } = await given(randomBytes(1));
      const adopt = async (bytes: Uint8Array) => {
        const blob = await harness.drop('churn/unfit.onnx', bytes);
        return await harness.store.adoptDropped(blob, ref, { maxBytes: 10 }).catch(String);
      };
      expect(await adopt(Buffer.alloc(0))).toContain('incoming/churn/unfit.onnx: it is empty');
      expect(await adopt(Buffer.alloc(11))).toContain('expected at most 10 bytes, got 11');
    });

    test('a check sees every byte once before the copy, and what it throws is thrown', async () => {
      const bytes = randomBytes(3 * RANGE_BYTES + 7);
      const { ref } = await given(bytes);
      await harness.upload('checked', bytes);
      const seen: Buffer[] = [];
      const refusal = new Error('not what it should be');
      const check = {
        push: (chunk: Uint8Array) => seen.push(Buffer.from(chunk)),
        end: () => {
          throw refusal;
        },
      };
      const adopted = harness.store.adopt('uploads/checked', ref, { maxBytes: 1e6, check });
      await expect(adopted).rejects.toBe(refusal);
      expect(bytes.equals(Buffer.concat(seen))).toBe(true);
      expect(await harness.stored(nameOf(ref))).toBeUndefined();
    });

    test('purging removes one incarnation of one model, and again is no error', async () => {
      const bytes = randomBytes(20);
      const { ref, file } = await given(bytes);
      const mine: ArtifactRef[] = Array.from({ length: 40 }, (_, i) => ({
        ...ref,
        digest: sha256(Buffer.from([i])),
      }));
      const others: ArtifactRef[] = [
        { ...ref, incarnation: 2 },
        { ...ref, incarnation: 11 },
        { ...ref, model: `${ref.model}1` as ModelName },
      ];
      await Promise.all([...mine, ...others].map((each) => harness.store.put(each, file)));
      await harness.store.purge(ref.model, 1);
      await harness.store.purge(ref.model, 1);
      for (const each of mine) expect(await harness.stored(nameOf(each))).toBeUndefined();
      for (const each of others) expect(await harness.stored(nameOf(each))).toBeDefined();
    });

    test('it enforces the length that a blob name can have', async () => {
      const { ref, file } = await given(randomBytes(1));
      const long: ArtifactRef = { ...ref, model: 'm'.repeat(1000) as ModelName };
      expect(await failure(harness.store.put(long, file))).toBe('malformed');
      expect(await failure(harness.store.fetch(long, await target()))).toBe('malformed');
    });

    test('it answers a ping', async () => {
      await expect(harness.store.ping()).resolves.toBeUndefined();
    });
  });
}

export function nameOf({ model, incarnation, digest, name }: ArtifactRef): string {
  return `${model}/${incarnation}/sha256/${digest}/${name}`;
}

function sha256(bytes: Uint8Array): Digest {
  return createHash('sha256').update(bytes).digest('hex') as Digest;
}

function flipped(bytes: Uint8Array, at: number): Buffer {
  const other = Buffer.from(bytes);
  other[at] = (other[at] ?? 0) ^ 1;
  return other;
}
