import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { batchIdOf } from '../../shared/batch/batch-id.ts';
import { GROUP_CHUNKS } from '../../shared/batch/chunk-plan.ts';
import type { BatchId, BatchSource } from '../../shared/batch/job.ts';
import { blockName, blocksOf, type ChunkReceipt } from '../../shared/batch/receipt.ts';
import { ServingError } from '../../shared/errors.ts';
import type { BatchFiles, ResultRef } from '../../shared/ports/batches.ts';

/** Batch files that are read in steps of `STEP_BYTES`, and what others may do to the storage. */
export interface BatchFilesHarness {
  readonly files: BatchFiles;
  /** Puts a blob at `container/name`, whatever stood there. */
  put(blob: string, bytes: Uint8Array): Promise<void>;
  remove(blob: string): Promise<void>;
  /** Where the store keeps it. */
  readonly contentType?: (blob: string) => Promise<string | undefined>;
  close(): Promise<void>;
}

export const STEP_BYTES = 1_000;
const CSV = 'text/csv; charset=utf-8';

/** What every store of batch files does. */
export function batchFilesContract(name: string, make: () => Promise<BatchFilesHarness>): void {
  describe(`batch files: ${name}`, () => {
    let harness: BatchFilesHarness;
    let files: BatchFiles;
    let made = 0;
    beforeAll(async () => {
      harness = await make();
      ({ files } = harness);
    });
    afterAll(() => harness.close());

    const newId = () => batchIdOf(++made, new Uint8Array(16));
    const refOf = (id: BatchId, rest: Partial<ResultRef> = {}): ResultRef => ({
      id,
      prefix: undefined,
      result: 'output',
      format: 'csv',
      ...rest,
    });
    const text = async (source: BatchSource | undefined, start = 0, end?: number) => {
      if (!source) return undefined;
      const parts: Uint8Array[] = [];
      for await (const part of files.read(source, start, end ?? source.bytes)) parts.push(part);
      return Buffer.concat(parts).toString();
    };
    const failure = async (work: Promise<unknown>): Promise<unknown> =>
      work.then(
        () => 'no failure',
        (error: unknown) => (error as { failure?: { kind?: string } }).failure?.kind ?? error,
      );
    const bytesOf = (length: number) => Buffer.from(Array.from({ length }, (_, at) => at % 251));

    test('nothing stands at first', async () => {
      const id = newId();
      expect(await files.pin(`batches/${id}/input`)).toBeUndefined();
      expect(await files.pin('uploads/none')).toBeUndefined();
      expect(await files.readReceipt(id, 0)).toBeUndefined();
      expect(await files.listReceipts(id, 0)).toEqual([]);
      expect(await files.listGroups(id)).toEqual([]);
      expect(await files.readGroup(id, 0)).toBeUndefined();
      expect(await files.result(refOf(id))).toBeUndefined();
      await files.purge(id, undefined);
    });

    test('a pinned blob is read in every range, across steps', async () => {
      const bytes = bytesOf(3 * STEP_BYTES + 17);
      await harness.put('uploads/x/rows ü.csv', bytes);
      const source = await files.pin('uploads/x/rows ü.csv');
      expect(source).toMatchObject({ blob: 'uploads/x/rows ü.csv', bytes: bytes.length });
      const ranges = [
        [0, bytes.length],
        [0, 1],
        [STEP_BYTES - 1, STEP_BYTES + 1],
        [5, 2 * STEP_BYTES + 5],
        [bytes.length - 1, bytes.length],
        [7, 7],
      ];
      for (const [start = 0, end = 0] of ranges) {
        const parts: Uint8Array[] = [];
        for await (const part of files.read(source ?? never(), start, end)) parts.push(part);
        expect(Buffer.concat(parts).equals(bytes.subarray(start, end))).toBe(true);
      }
    });

    test('a reader may stop', async () => {
      await harness.put('uploads/long', bytesOf(10 * STEP_BYTES));
      const source = (await files.pin('uploads/long')) ?? never();
      for await (const part of files.read(source, 0, source.bytes)) {
        expect(part.byteLength).toBe(STEP_BYTES);
        break;
      }
    });

    test.each([
      ['changed', () => harness.put('uploads/mine', bytesOf(5 * STEP_BYTES + 1))],
      ['put again', () => harness.put('uploads/mine', bytesOf(5 * STEP_BYTES))],
      ['removed', () => harness.remove('uploads/mine')],
    ])('a blob that is %s is a conflict, at once and between two steps', async (_, change) => {
      await harness.put('uploads/mine', bytesOf(5 * STEP_BYTES));
      const source = (await files.pin('uploads/mine')) ?? never();
      const reader = files.read(source, 0, source.bytes)[Symbol.asyncIterator]();
      expect((await reader.next()).done).toBe(false);
      await change();
      const rest = async () => {
        for (;;) if ((await reader.next()).done) return;
      };
      expect(await failure(rest())).toBe('conflict');
      expect(await failure(text(source))).toBe('conflict');
    });

    test('only rows that callers may name are read', async () => {
      const elsewhere = ['artifacts/m/1/x', 'incoming/x', 'uploads', 'uploads/', 'x', '', '/x'];
      const odd = ['uploads/../artifacts/x', 'uploads/a//b', 'batches/./x', 'uploads/a\\b'];
      for (const blob of [...elsewhere, ...odd]) {
        expect(await failure(files.pin(blob))).toBe('malformed');
      }
    });

    test('a stream is written, in place of what stood there, and pinned', async () => {
      const id = newId();
      const first = await files.write(id, 'inflated/1', streamOf('a\n', 'b\n'), { maxBytes: 4 });
      expect(first).toEqual(await files.pin(`batches/${id}/inflated/1`));
      expect(await text(first)).toBe('a\nb\n');
      const second = await files.write(id, 'inflated/1', streamOf('other'), { maxBytes: 9 });
      expect(await text(second)).toBe('other');
      expect(await failure(text(first))).toBe('conflict');
      const empty = await files.write(id, 'empty', streamOf(), { maxBytes: 0 });
      expect(empty.bytes).toBe(0);
      expect(await text(empty)).toBe('');
    });

    test('a stream that fails, or is too long, leaves nothing', async () => {
      const id = newId();
      const gone = new ServingError({ kind: 'conflict', detail: 'the source changed' });
      const failing = files.write(id, 'input', streamOf('a', gone), { maxBytes: 9 });
      await expect(failing).rejects.toBe(gone);
      const bug = new Error('a bug');
      await expect(files.write(id, 'input', streamOf(bug), { maxBytes: 9 })).rejects.toBe(bug);
      const long = files.write(id, 'input', streamOf('abc', 'd'), { maxBytes: 3 });
      expect(await failure(long)).toBe('tooLarge');
      expect(await files.pin(`batches/${id}/input`)).toBeUndefined();
    });

    describe('results', () => {
      test('exactly the blocks that are named, in their order, once', async () => {
        const id = newId();
        const ref = refOf(id);
        const blocks = [0, 1, 2, 3].map((chunk) => blockName(chunk, 'aaaaaaaa', 0));
        for (const [chunk, block] of blocks.entries()) {
          await files.stage(ref, block, Buffer.from(`${chunk};`));
        }
        await files.stage(ref, blockName(1, 'bbbbbbbb', 0), Buffer.from('late'));
        expect(await files.result(ref)).toBeUndefined();
        const [zero = '', one = '', two = ''] = blocks;
        await files.commit(ref, [two, zero, one], CSV);
        const result = await files.result(ref);
        expect(result?.blob).toBe(`batches/${id}/output.csv`);
        expect(await text(result)).toBe('2;0;1;');
        // Again, by others, and with other blocks: it stands.
        await Promise.all([files.commit(ref, [zero], CSV), files.commit(ref, [two, zero], CSV)]);
        await files.stage(ref, blockName(9, 'cccccccc', 0), Buffer.from('later'));
        await files.commit(ref, [blockName(9, 'cccccccc', 0)], CSV);
        expect(await files.result(ref)).toEqual(result);
        expect(await harness.contentType?.(result?.blob ?? '')).toBe(harness.contentType && CSV);
      });

      test('many who commit the same at once all succeed', async () => {
        const ref = refOf(newId());
        const receipt = receiptOf(3, { outputBlocks: 3 });
        for (const block of blocksOf(receipt)) await files.stage(ref, block, Buffer.from('x'));
        await Promise.all(
          Array.from({ length: 8 }, () => files.commit(ref, blocksOf(receipt), CSV)),
        );
        expect(await text(await files.result(ref))).toBe('xxx');
      });

      test('no blocks are an empty blob', async () => {
        const ref = refOf(newId(), { result: 'errors', format: 'jsonl' });
        await files.commit(ref, [], 'application/x-ndjson');
        expect(await files.result(ref)).toMatchObject({
          blob: `batches/${ref.id}/errors.jsonl`,
          bytes: 0,
        });
        await files.commit(ref, [], 'application/x-ndjson');
      });

      test("Azure's limits hold: no empty block, 50,000 of them, of one length", async () => {
        const ref = refOf(newId());
        const block = blockName(0, 'aaaaaaaa', 0);
        await expect(files.stage(ref, block, new Uint8Array())).rejects.toThrow(RangeError);
        const many = Array.from({ length: 50_001 }, () => block);
        expect(await failure(files.commit(ref, many, CSV))).toBe('tooLarge');
        await expect(files.commit(ref, [block, 'AAAA'], CSV)).rejects.toThrow(RangeError);
        expect(await files.result(ref)).toBeUndefined();
      });

      test('blocks that are gone are told', async () => {
        const ref = refOf(newId());
        const [there, gone] = [blockName(0, 'aaaaaaaa', 0), blockName(1, 'aaaaaaaa', 0)];
        await files.stage(ref, there, Buffer.from('x'));
        expect(await failure(files.commit(ref, [there, gone], CSV))).toBe('conflict');
        expect(await files.result(ref)).toBeUndefined();
      });

      test('a prefix holds one job’s results, and what stands there is left as it is', async () => {
        const [mine, theirs] = [newId(), newId()];
        const prefix = `churn/${mine}x`;
        const refs = [refOf(mine, { prefix }), refOf(theirs, { prefix })] as const;
        const blocks = [blockName(0, 'aaaaaaaa', 0), blockName(0, 'bbbbbbbb', 0)] as const;
        await files.stage(refs[0], blocks[0], Buffer.from('mine'));
        await files.stage(refs[1], blocks[1], Buffer.from('theirs'));
        await files.commit(refs[0], [blocks[0]], CSV);
        expect(await failure(files.commit(refs[1], [blocks[1]], CSV))).toBe('conflict');
        expect(await failure(files.writeResult(refs[1], streamOf('x'), CSV))).toBe('conflict');
        const source = await files.result(refs[0]);
        expect(source?.blob).toBe(`batches/${prefix}/output.csv`);
        expect(await text(source)).toBe('mine');
        expect(await files.result(refs[1])).toBeUndefined();

        await harness.put(`batches/${prefix}/errors.csv`, Buffer.from('of a user'));
        const errors = { ...refs[0], result: 'errors' as const };
        expect(await failure(files.commit(errors, [], CSV))).toBe('conflict');

        await files.purge(theirs, prefix);
        expect(await text(source)).toBe('mine');
        await files.purge(mine, prefix);
        expect(await files.result(refs[0])).toBeUndefined();
        expect(await text(await files.pin(`batches/${prefix}/errors.csv`))).toBe('of a user');
      });

      test('a prefix can’t lead anywhere else', async () => {
        const id = newId();
        for (const prefix of ['', '..', 'a/../b', '/a', 'a/', 'a//b', id, `${id}/done`, 'a\\b']) {
          expect(await failure(files.commit(refOf(id, { prefix }), [], CSV))).toBe('malformed');
        }
      });

      test('a stream becomes a result, once', async () => {
        const ref = refOf(newId(), { result: 'errors' });
        const write = (...parts: (string | Error)[]) =>
          files.writeResult(ref, streamOf(...parts), CSV);
        await expect(write('a', new Error('a bug'))).rejects.toThrow('a bug');
        expect(await files.result(ref)).toBeUndefined();
        await Promise.all([write('same'), write('same'), write('same')]);
        await write('other');
        expect(await text(await files.result(ref))).toBe('same');
        const none = refOf(newId(), { result: 'errors' });
        await files.writeResult(none, streamOf(), CSV);
        expect(await files.result(none)).toMatchObject({ bytes: 0 });
      });
    });

    describe('receipts', () => {
      test('the first of a chunk stays, and is its own again', async () => {
        const id = newId();
        const first = receiptOf(7, { attempt: 'aaaaaaaa' });
        expect(await files.createReceipt(id, first)).toBe(true);
        expect(await files.createReceipt(id, { ...first, attempt: 'bbbbbbbb' })).toBe(false);
        expect(await files.createReceipt(id, first)).toBe(true);
        expect(await files.readReceipt(id, 7)).toEqual(first);
        expect(await files.readReceipt(id, 8)).toBeUndefined();
      });

      test('of many who create one at once, one wins', async () => {
        const id = newId();
        const receipts = Array.from({ length: 12 }, (_, n) =>
          receiptOf(0, { attempt: n.toString(16).padStart(8, '0'), scored: n }),
        );
        const won = await Promise.all(receipts.map((each) => files.createReceipt(id, each)));
        expect(won.filter(Boolean)).toHaveLength(1);
        expect(await files.readReceipt(id, 0)).toEqual(receipts[won.indexOf(true)]);
      });

      test('a group’s are listed by chunk, one group and one job apart from another', async () => {
        const [id, other] = [newId(), newId()];
        const chunks = [
          GROUP_CHUNKS + 3,
          GROUP_CHUNKS,
          0,
          GROUP_CHUNKS - 1,
          2 * GROUP_CHUNKS,
          48_999,
        ];
        for (const chunk of chunks) await files.createReceipt(id, receiptOf(chunk));
        await files.createReceipt(other, receiptOf(1));
        const of = async (group: number) =>
          (await files.listReceipts(id, group)).map(({ chunk }) => chunk);
        expect(await of(0)).toEqual([0, GROUP_CHUNKS - 1]);
        expect(await of(1)).toEqual([GROUP_CHUNKS, GROUP_CHUNKS + 3]);
        expect(await of(2)).toEqual([2 * GROUP_CHUNKS]);
        expect(await of(191)).toEqual([48_999]);
        expect(await files.listReceipts(id, 1)).toContainEqual(receiptOf(GROUP_CHUNKS));
      });

      test('a full group', async () => {
        const id = newId();
        const all = Array.from({ length: GROUP_CHUNKS }, (_, at) => receiptOf(GROUP_CHUNKS + at));
        await Promise.all(all.map((each) => files.createReceipt(id, each)));
        const listed = await files.listReceipts(id, 1);
        expect(listed).toEqual(all);
        await Promise.all([files.createGroup(id, 1, listed), files.createGroup(id, 1, listed)]);
        await files.createGroup(id, 1, listed.slice(1));
        await files.createGroup(id, 0, [receiptOf(0)]);
        await files.createGroup(id, 11, [receiptOf(11 * GROUP_CHUNKS)]);
        expect(await files.readGroup(id, 1)).toEqual(all);
        expect(await files.readGroup(id, 2)).toBeUndefined();
        expect(await files.listGroups(id)).toEqual([0, 1, 11]);
      });
    });

    test('purging removes the job’s folder and results, and again is no error', async () => {
      const [id, other] = [newId(), newId()];
      for (const each of [id, other]) {
        await files.write(each, 'input', streamOf('x'), { maxBytes: 9 });
        await Promise.all(
          Array.from({ length: 300 }, (_, chunk) => files.createReceipt(each, receiptOf(chunk))),
        );
        await files.createGroup(each, 0, [receiptOf(0)]);
        await files.commit(refOf(each), [], CSV);
      }
      await files.purge(id, undefined);
      await files.purge(id, undefined);
      expect(await files.pin(`batches/${id}/input`)).toBeUndefined();
      for (const group of [0, 1]) expect(await files.listReceipts(id, group)).toEqual([]);
      expect(await files.listGroups(id)).toEqual([]);
      expect(await files.result(refOf(id))).toBeUndefined();
      expect(await files.pin(`batches/${other}/input`)).toBeDefined();
      expect(await files.listReceipts(other, 0)).toHaveLength(GROUP_CHUNKS);
      expect(await files.listReceipts(other, 1)).toHaveLength(300 - GROUP_CHUNKS);
      expect(await files.listGroups(other)).toEqual([0]);
      expect(await files.result(refOf(other))).toBeDefined();
    });
  });
}

async function* streamOf(...parts: (string | Error)[]): AsyncGenerator<Uint8Array> {
  for (const part of parts) {
    if (typeof part !== 'string') throw part;
    yield await Promise.resolve(Buffer.from(part));
  }
}

function receiptOf(chunk: number, rest: Partial<ChunkReceipt> = {}): ChunkReceipt {
  const attempt = chunk.toString(16).padStart(8, '0');
  const given = { outputBlocks: 1, hasErrors: false, lines: 9, scored: 8, failed: 1 };
  return { chunk, attempt, ...given, ...rest };
}

function never(): never {
  throw new Error('expected a blob');
}
