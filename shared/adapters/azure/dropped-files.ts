import type { BlobServiceClient, BlockBlobClient, ContainerClient } from '@azure/storage-blob';
import type { Config } from '../../config.ts';
import { quotedTag } from '../../drops/etag.ts';
import type { DroppedFiles } from '../../ports/dropped-files.ts';
import { smallEnough } from '../dropped-file.ts';
import { readWhole } from '../pinned-blob.ts';
import { blobService } from './clients.ts';
import { pinnedAt, stateOf } from './pinned-blob.ts';
import { codeOf, storageFailure } from './storage-failure.ts';

const TIMEOUT_MS = 60_000;
/** Bytes read in one request. */
const RANGE_BYTES = 4 << 20;

export interface AzureDroppedFilesOptions {
  readonly storage: Config['storage'];
  /** Blobs in one page of a list. */
  readonly pageSize?: number;
}

/** Dropped models in the container `incoming` of Blob Storage. */
export function createAzureDroppedFiles({
  storage,
  pageSize = 1_000,
}: AzureDroppedFilesOptions): DroppedFiles {
  let connected: Promise<BlobServiceClient> | undefined;
  const container = async (): Promise<ContainerClient> => {
    connected ??= blobService(storage);
    connected.catch(() => (connected = undefined));
    return (await connected).getContainerClient('incoming');
  };
  const blobOf = async (path: string): Promise<BlockBlobClient> =>
    (await container()).getBlockBlobClient(path);

  return {
    async look(path) {
      const state = await stateOf(await blobOf(path));
      return state && { path, etag: state.etag, bytes: state.bytes };
    },

    async read(blob, maxBytes) {
      smallEnough(blob, maxBytes);
      const chunks: Uint8Array[] = [];
      const pinned = pinnedAt(await blobOf(blob.path), blob);
      for await (const chunk of readWhole(pinned, RANGE_BYTES)) chunks.push(chunk);
      return Buffer.concat(chunks);
    },

    async *list() {
      const pages = (await container()).listBlobsFlat().byPage({ maxPageSize: pageSize });
      try {
        for await (const { segment } of pages) {
          for (const { name, properties } of segment.blobItems) {
            if (!name.endsWith('.onnx')) continue;
            yield {
              path: name,
              etag: quotedTag(properties.etag),
              bytes: properties.contentLength ?? 0,
              writtenAt: properties.lastModified.getTime(),
            };
          }
        }
      } catch (error) {
        if (codeOf(error) === 'ContainerNotFound') return;
        throw storageFailure(error, 'listing incoming');
      }
    },

    async leave(path, json) {
      const bytes = Buffer.from(json);
      try {
        await (await blobOf(path)).upload(bytes, bytes.byteLength, {
          blobHTTPHeaders: { blobContentType: 'application/json' },
          abortSignal: AbortSignal.timeout(TIMEOUT_MS),
        });
      } catch (error) {
        throw storageFailure(error, `writing incoming/${path}`);
      }
    },
  };
}
