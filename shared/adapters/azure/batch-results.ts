import type { BlockBlobClient, ContainerClient } from '@azure/storage-blob';
import type { BatchFiles, ResultRef } from '../../ports/batches.ts';
import { resultName } from '../batch-blob-name.ts';
import { blocksGone, checkBlock, checkBlocks, resultTaken } from '../batch-result-failure.ts';
import { ContentFailure, writeStream } from './blob-stream.ts';
import { stateOf } from './pinned-blob.ts';
import { statusOf, storageFailure } from './storage-failure.ts';

const MIB = 1 << 20;
/** A block may take this long, and a second more for each MiB. */
const BLOCK_TIMEOUT_MS = 60_000;
const COMMIT_TIMEOUT_MS = 120_000;
/** Metadata that says whose result a blob is: two jobs may be told to write the same name. */
const OWNER = 'batch';

/** The id of the batch whose result a blob is. */
export function ownerOf(blob: {
  readonly metadata: Readonly<Record<string, string>>;
}): string | undefined {
  return blob.metadata[OWNER];
}

/** The results of batch jobs, in the container that `batches` answers. */
export function createAzureBatchResults(
  batches: () => Promise<ContainerClient>,
): Pick<BatchFiles, 'stage' | 'commit' | 'writeResult' | 'result'> {
  const clientOf = async (ref: ResultRef): Promise<BlockBlobClient> => {
    const name = resultName(ref);
    return (await batches()).getBlockBlobClient(name);
  };

  /** Whether the job's own result stands. @throws ServingError `conflict` when another's does */
  const stands = async (client: BlockBlobClient, { id }: ResultRef): Promise<boolean> => {
    const state = await stateOf(client);
    if (state && ownerOf(state) !== id) throw resultTaken(client.name, ownerOf(state));
    return state !== undefined;
  };

  /** Makes the result by `write` unless it stands, or another writer makes it meanwhile. */
  const writeOnce = async (
    ref: ResultRef,
    write: (client: BlockBlobClient) => Promise<unknown>,
  ): Promise<void> => {
    const client = await clientOf(ref);
    if (await stands(client, ref)) return;
    try {
      await write(client);
    } catch (error) {
      if (error instanceof ContentFailure) throw error.cause;
      // Another's commit is told as 409 or 412, or as 400 because it dropped our blocks.
      const status = statusOf(error);
      if (status === 400 || status === 409 || status === 412) {
        if (await stands(client, ref)) return;
        if (status === 400) throw blocksGone(client.name, ref.id);
      }
      throw storageFailure(error, `writing ${client.name}`);
    }
  };

  const made = (ref: ResultRef, contentType: string) => ({
    conditions: { ifNoneMatch: '*' },
    blobHTTPHeaders: { blobContentType: contentType },
    metadata: { [OWNER]: ref.id },
  });

  return {
    async stage(ref, block, bytes) {
      checkBlock(block, bytes);
      const client = await clientOf(ref);
      const timeoutMs = BLOCK_TIMEOUT_MS + Math.ceil(bytes.byteLength / MIB) * 1_000;
      try {
        await client.stageBlock(block, bytes, bytes.byteLength, {
          abortSignal: AbortSignal.timeout(timeoutMs),
        });
      } catch (error) {
        // A blob that was committed meanwhile with block ids of another length refuses ours.
        if (statusOf(error) === 400 && (await stands(client, ref))) return;
        throw storageFailure(error, `staging a block of ${client.name}`);
      }
    },
    async commit(ref, blocks, contentType) {
      checkBlocks(resultName(ref), blocks);
      await writeOnce(ref, (client) =>
        client.commitBlockList([...blocks], {
          ...made(ref, contentType),
          abortSignal: AbortSignal.timeout(COMMIT_TIMEOUT_MS),
        }),
      );
    },
    async writeResult(ref, content, contentType) {
      await writeOnce(ref, (client) =>
        writeStream(client, content, {
          ...made(ref, contentType),
          maxBytes: Number.MAX_SAFE_INTEGER,
        }),
      );
    },
    async result(ref) {
      const client = await clientOf(ref);
      const state = await stateOf(client);
      if (!state || ownerOf(state) !== ref.id) return undefined;
      return { blob: `batches/${client.name}`, etag: state.etag, bytes: state.bytes };
    },
  };
}
