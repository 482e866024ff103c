import type {
  BlobServiceClient,
  ContainerClient,
  ContainerListBlobFlatSegmentResponse,
} from '@azure/storage-blob';
import { GROUP_CHUNKS } from '../../batch/chunk-plan.ts';
import {
  groupText,
  receiptMetadata,
  receiptOfMetadata,
  receiptsOfText,
} from '../../batch/receipt-text.ts';
import type { Config } from '../../config.ts';
import { ServingError } from '../../errors.ts';
import type { BatchFiles } from '../../ports/batches.ts';
import {
  fileName,
  folderOf,
  groupName,
  groupPrefix,
  numberOfName,
  type RowContainer,
  receiptName,
  receiptPrefix,
  resultNames,
  splitRowBlob,
} from '../batch-blob-name.ts';
import { readSteps } from '../pinned-blob.ts';
import { createAzureBatchResults, ownerOf } from './batch-results.ts';
import { ContentFailure, writeStream } from './blob-stream.ts';
import { blobService } from './clients.ts';
import { pinnedAt, stateOf } from './pinned-blob.ts';
import { codeOf, statusOf, storageFailure } from './storage-failure.ts';

const TIMEOUT_MS = 60_000;
const STEP_BYTES = 4 << 20;
/** Blobs removed at once. */
const REMOVALS = 32;

export interface AzureBatchFilesOptions {
  readonly storage: Config['storage'];
  /** Bytes read in one request; two steps are held at once. */
  readonly stepBytes?: number;
}

/** Batch jobs' blobs in the container `batches` of Blob Storage, and their inputs in `uploads`. */
export function createAzureBatchFiles({
  storage,
  stepBytes = STEP_BYTES,
}: AzureBatchFilesOptions): BatchFiles {
  let connected: Promise<BlobServiceClient> | undefined;
  const container = async (name: RowContainer): Promise<ContainerClient> => {
    connected ??= blobService(storage);
    connected.catch(() => (connected = undefined));
    return (await connected).getContainerClient(name);
  };

  let made: Promise<ContainerClient> | undefined;
  /** The container to write to; it is made when it is missing. */
  const batches = (): Promise<ContainerClient> => {
    made ??= makeContainer();
    made.catch(() => (made = undefined));
    return made;
  };
  const makeContainer = async (): Promise<ContainerClient> => {
    const client = await container('batches');
    try {
      await client.createIfNotExists(timeLimit());
    } catch (error) {
      throw storageFailure(error, 'making container batches');
    }
    return client;
  };

  /** What stands below a prefix, a page at a time; nothing when the container is missing. */
  const pagesOf = async function* (prefix: string, includeMetadata = false) {
    const client = await container('batches');
    let from: string | undefined = '';
    while (from !== undefined) {
      const page: BlobPage = await pageOf(client, { prefix, includeMetadata, from });
      yield page.segment.blobItems;
      from = page.continuationToken ? page.continuationToken : undefined;
    }
  };

  /** Writes a small blob; false when one stands already. */
  const createBlob = async (
    name: string,
    text: string,
    metadata: Record<string, string> = {},
  ): Promise<boolean> => {
    const client = (await batches()).getBlockBlobClient(name);
    try {
      await client.upload(text, Buffer.byteLength(text), {
        metadata,
        conditions: { ifNoneMatch: '*' },
        ...timeLimit(),
      });
      return true;
    } catch (error) {
      const status = statusOf(error);
      if (status === 409 || status === 412) return false;
      throw storageFailure(error, `writing ${name}`);
    }
  };

  const files: BatchFiles = {
    ...createAzureBatchResults(batches),

    async pin(blob) {
      const { container: within, name } = splitRowBlob(blob);
      const state = await stateOf((await container(within)).getBlobClient(name));
      return state && { blob, etag: state.etag, bytes: state.bytes };
    },

    async *read(source, start, end) {
      const { container: within, name } = splitRowBlob(source.blob);
      const client = (await container(within)).getBlobClient(name);
      yield* readSteps(pinnedAt(client, source), { start, end }, stepBytes);
    },

    async write(id, name, content, { maxBytes }) {
      const full = fileName(id, name);
      const client = (await batches()).getBlockBlobClient(full);
      try {
        return { blob: `batches/${full}`, ...(await writeStream(client, content, { maxBytes })) };
      } catch (error) {
        if (error instanceof ContentFailure) throw error.cause;
        // Another writer of the name has committed, and dropped our blocks with that.
        if (codeOf(error) === 'InvalidBlockList') throw writtenByAnother(full, error);
        throw storageFailure(error, `writing ${full}`);
      }
    },

    async createReceipt(id, receipt) {
      const name = receiptName(id, receipt.chunk);
      if (await createBlob(name, '', receiptMetadata(receipt))) return true;
      // It may be our own: the SDK repeats a request whose answer was lost.
      return (await files.readReceipt(id, receipt.chunk))?.attempt === receipt.attempt;
    },

    async readReceipt(id, chunk) {
      const client = (await container('batches')).getBlobClient(receiptName(id, chunk));
      const state = await stateOf(client);
      return state && receiptOfMetadata(chunk, state.metadata);
    },

    async listReceipts(id, group) {
      const receipts = [];
      for await (const blobs of pagesOf(receiptPrefix(id, group), true)) {
        for (const { name, metadata = {} } of blobs) {
          receipts.push(receiptOfMetadata(numberOfName(name), metadata));
        }
      }
      return receipts;
    },

    async createGroup(id, group, receipts) {
      await createBlob(groupName(id, group), groupText(receipts));
    },

    async listGroups(id) {
      const groups = [];
      for await (const blobs of pagesOf(groupPrefix(id))) {
        groups.push(...blobs.map(({ name }) => numberOfName(name)));
      }
      return groups;
    },

    async readGroup(id, group) {
      const client = (await container('batches')).getBlobClient(groupName(id, group));
      try {
        const bytes = await client.downloadToBuffer(0, undefined, timeLimit());
        return receiptsOfText(bytes.toString('utf8'), group);
      } catch (error) {
        if (statusOf(error) === 404) return undefined;
        throw storageFailure(error, `reading ${client.name}`);
      }
    },

    async purge(id, outputPrefix) {
      const client = await container('batches');
      const remove = async (name: string, etag?: string): Promise<void> => {
        const conditions = etag === undefined ? {} : { conditions: { ifMatch: etag } };
        try {
          await client.getBlobClient(name).deleteIfExists({ ...conditions, ...timeLimit() });
        } catch (error) {
          throw storageFailure(error, `removing ${name}`);
        }
      };
      for await (const blobs of pagesOf(folderOf(id))) {
        for (let at = 0; at < blobs.length; at += REMOVALS) {
          await Promise.all(blobs.slice(at, at + REMOVALS).map(({ name }) => remove(name)));
        }
      }
      if (outputPrefix === undefined) return;
      for (const name of resultNames(id, outputPrefix)) {
        const state = await stateOf(client.getBlobClient(name));
        if (state && ownerOf(state) === id) await remove(name, state.etag);
      }
    },
  };
  return files;
}

type BlobPage = Pick<ContainerListBlobFlatSegmentResponse, 'segment' | 'continuationToken'>;

/** One page, within a time limit of its own: what is done with the last one may take long. */
async function pageOf(
  client: ContainerClient,
  { from, ...asked }: { prefix: string; includeMetadata: boolean; from: string },
): Promise<BlobPage> {
  const pages = client
    .listBlobsFlat({ ...asked, ...timeLimit() })
    .byPage({ maxPageSize: GROUP_CHUNKS, ...(from !== '' && { continuationToken: from }) });
  try {
    const { value } = (await pages.next()) as { value?: BlobPage };
    return value ?? { segment: { blobItems: [] } };
  } catch (error) {
    if (codeOf(error) === 'ContainerNotFound') return { segment: { blobItems: [] } };
    throw storageFailure(error, `listing ${asked.prefix}`);
  }
}

function writtenByAnother(name: string, cause: unknown): ServingError {
  return new ServingError(
    {
      kind: 'unavailable',
      detail: `storage: ${name} was written by another at the same time`,
      retryAfterSeconds: 1,
    },
    { cause },
  );
}

function timeLimit(): { abortSignal: AbortSignal } {
  return { abortSignal: AbortSignal.timeout(TIMEOUT_MS) };
}
