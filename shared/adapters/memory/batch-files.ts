import { GROUP_CHUNKS } from '../../batch/chunk-plan.ts';
import type { BatchId, BatchSource } from '../../batch/job.ts';
import { type ChunkReceipt, groupOf } from '../../batch/receipt.ts';
import { groupText, receiptsOfText } from '../../batch/receipt-text.ts';
import { ServingError } from '../../errors.ts';
import type { BatchFiles, ResultRef } from '../../ports/batches.ts';
import {
  fileName,
  folderOf,
  groupName,
  groupPrefix,
  numberOfName,
  receiptPrefix,
  resultName,
  resultNames,
  splitRowBlob,
} from '../batch-blob-name.ts';
import { blocksGone, checkBlock, checkBlocks, resultTaken } from '../batch-result-failure.ts';
import { type PinnedBlob, readSteps } from '../pinned-blob.ts';

/** Batch jobs' blobs in memory, for tests; the map is open so that a test can put and damage blobs. */
export interface MemoryBatchFiles extends BatchFiles {
  /** By the name within `batches`. A blob is replaced, never changed in place. */
  readonly batches: Map<string, Uint8Array>;
}

export function createMemoryBatchFiles({
  uploads = new Map<string, Uint8Array>(),
  stepBytes = 4 << 20,
}: {
  /** By the name within `uploads`. */
  uploads?: Map<string, Uint8Array>;
  stepBytes?: number;
} = {}): MemoryBatchFiles {
  const batches = new Map<string, Uint8Array>();
  /** By result, the staged blocks. */
  const staged = new Map<string, Map<string, Uint8Array>>();
  /** By result, whose it is. */
  const owners = new Map<string, BatchId>();
  /** By folder of a group, then by chunk. */
  const receipts = new Map<string, Map<number, ChunkReceipt>>();
  const etags = new WeakMap<Uint8Array, string>();
  let seen = 0;

  /** The identity of the bytes is the ETag. */
  const etagOf = (bytes: Uint8Array): string => {
    const known = etags.get(bytes) ?? `"${++seen}"`;
    etags.set(bytes, known);
    return known;
  };
  const find = (blob: string): Uint8Array | undefined => {
    const { container, name } = splitRowBlob(blob);
    return (container === 'uploads' ? uploads : batches).get(name);
  };
  const sourceOf = (blob: string): BatchSource | undefined => {
    const bytes = find(blob);
    return bytes && { blob, etag: etagOf(bytes), bytes: bytes.byteLength };
  };
  const pinned = ({ blob, etag, bytes }: BatchSource): PinnedBlob => ({
    name: blob,
    bytes,
    async *read(offset, count) {
      const stands = await Promise.resolve(find(blob));
      if (!stands || etagOf(stands) !== etag) {
        throw new ServingError({
          kind: 'conflict',
          detail: `${blob}: it was ${stands ? 'changed' : 'removed'} while it was read`,
        });
      }
      yield stands.subarray(offset, offset + count);
    },
  });

  /** Whether the job's own result stands. */
  const resultStands = (name: string, { id }: ResultRef): boolean => {
    if (batches.has(name) && owners.get(name) !== id) throw resultTaken(name, owners.get(name));
    return batches.has(name);
  };
  const putResult = (name: string, { id }: ResultRef, bytes: Uint8Array): void => {
    batches.set(name, bytes);
    owners.set(name, id);
    staged.delete(name);
  };
  const groupOfReceipts = (id: BatchId, group: number): Map<number, ChunkReceipt> => {
    const name = receiptPrefix(id, group);
    const known = receipts.get(name) ?? new Map<number, ChunkReceipt>();
    receipts.set(name, known);
    return known;
  };

  return {
    batches,

    pin: async (blob) => sourceOf(await Promise.resolve(blob)),
    read: (source, start, end) => readSteps(pinned(source), { start, end }, stepBytes),
    async write(id, name, content, { maxBytes }) {
      const full = fileName(id, name);
      const bytes = await collect(full, content, maxBytes);
      batches.set(full, bytes);
      return { blob: `batches/${full}`, etag: etagOf(bytes), bytes: bytes.byteLength };
    },

    async stage(ref, block, bytes) {
      checkBlock(block, bytes);
      const name = await Promise.resolve(resultName(ref));
      const blocks = staged.get(name) ?? new Map<string, Uint8Array>();
      staged.set(name, blocks.set(block, Buffer.from(bytes)));
    },
    async commit(ref, blocks) {
      const name = await Promise.resolve(resultName(ref));
      checkBlocks(name, blocks);
      if (resultStands(name, ref)) return;
      const parts = blocks.map((block) => {
        const bytes = staged.get(name)?.get(block);
        if (!bytes) throw blocksGone(name, ref.id);
        return bytes;
      });
      putResult(name, ref, Buffer.concat(parts));
    },
    async writeResult(ref, content) {
      const name = resultName(ref);
      if (resultStands(name, ref)) return;
      const bytes = await collect(name, content, Infinity);
      if (!resultStands(name, ref)) putResult(name, ref, bytes);
    },
    async result(ref) {
      const name = await Promise.resolve(resultName(ref));
      return owners.get(name) === ref.id ? sourceOf(`batches/${name}`) : undefined;
    },

    createReceipt(id, receipt) {
      const group = groupOfReceipts(id, groupOf(receipt.chunk));
      const stands = group.get(receipt.chunk);
      if (!stands) group.set(receipt.chunk, Object.freeze({ ...receipt }));
      return Promise.resolve(!stands || stands.attempt === receipt.attempt);
    },
    readReceipt: (id, chunk) => Promise.resolve(groupOfReceipts(id, groupOf(chunk)).get(chunk)),
    listReceipts(id, group) {
      const own = groupOfReceipts(id, group);
      const all: ChunkReceipt[] = [];
      for (let chunk = group * GROUP_CHUNKS; all.length < own.size; chunk++) {
        const receipt = own.get(chunk);
        if (receipt) all.push(receipt);
      }
      return Promise.resolve(all);
    },
    createGroup(id, group, all) {
      const name = groupName(id, group);
      if (!batches.has(name)) batches.set(name, Buffer.from(groupText(all)));
      return Promise.resolve();
    },
    listGroups(id) {
      const prefix = groupPrefix(id);
      const names = [...batches.keys()].filter((name) => name.startsWith(prefix));
      return Promise.resolve(names.map(numberOfName).sort((a, b) => a - b));
    },
    async readGroup(id, group) {
      const bytes = await Promise.resolve(batches.get(groupName(id, group)));
      return bytes && receiptsOfText(Buffer.from(bytes).toString('utf8'), group);
    },

    purge(id, outputPrefix) {
      const others = outputPrefix === undefined ? [] : resultNames(id, outputPrefix);
      const own = others.filter((name) => owners.get(name) === id);
      for (const name of [...batches.keys()]) {
        if (!name.startsWith(folderOf(id)) && !own.includes(name)) continue;
        batches.delete(name);
        owners.delete(name);
      }
      for (const name of [...receipts.keys()]) {
        if (name.startsWith(folderOf(id))) receipts.delete(name);
      }
      return Promise.resolve();
    },
  };
}

async function collect(
  name: string,
  content: AsyncIterable<Uint8Array>,
  maxBytes: number,
): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of content) {
    bytes += part.byteLength;
    if (bytes > maxBytes) {
      throw new ServingError({
        kind: 'tooLarge',
        detail: `blob ${name}: expected at most ${maxBytes} bytes, there are more`,
      });
    }
    parts.push(Buffer.from(part));
  }
  return Buffer.concat(parts);
}
