import { stat } from 'node:fs/promises';
import { Readable } from 'node:stream';
import type { BlobServiceClient, BlockBlobClient, ContainerClient } from '@azure/storage-blob';
import type { Config } from '../../config.ts';
import type { Digest } from '../../ids.ts';
import type { ArtifactRef, ArtifactStore } from '../../ports/artifacts.ts';
import { artifactName, artifactPrefix } from '../artifact-name.ts';
import { MAX_BLOCKS } from '../blob-limits.ts';
import { downloadVerified } from '../disk/verified-download.ts';
import { examineUpload } from '../examine-upload.ts';
import { expectDigest, type PinnedBlob, readWhole } from '../pinned-blob.ts';
import { uploadName } from '../upload-name.ts';
import { blobService } from './clients.ts';
import { pinBlob, pinnedAt } from './pinned-blob.ts';
import { codeOf, statusOf, storageFailure } from './storage-failure.ts';

const MIB = 1 << 20;
const PARALLEL = 4;
const PING_TIMEOUT_MS = 2_000;
/** An upload may take this long, and a second more for each MiB. */
const UPLOAD_TIMEOUT_MS = 60_000;
/** Blobs removed at once. */
const REMOVALS = 16;

export interface AzureArtifactsOptions {
  readonly storage: Config['storage'];
  /** Bytes in one range of a download. */
  readonly rangeBytes?: number;
  /** Bytes in one block of an upload, unless it would take more blocks than a blob can have. */
  readonly blockBytes?: number;
}

/**
 * Artifacts in the container `artifacts` of Blob Storage, taken over from the containers `uploads` and `incoming`.
 * Memory is bounded by `PARALLEL` blocks or chunks for each call, whatever the size of the file.
 */
export function createAzureArtifacts({
  storage,
  rangeBytes = 8 * MIB,
  blockBytes = 8 * MIB,
}: AzureArtifactsOptions): ArtifactStore {
  let connected: Promise<BlobServiceClient> | undefined;
  const container = async (
    name: 'artifacts' | 'uploads' | 'incoming',
  ): Promise<ContainerClient> => {
    connected ??= blobService(storage);
    connected.catch(() => (connected = undefined));
    return (await connected).getContainerClient(name);
  };

  /** Writes `name` by `upload`, which may be called twice, unless it stands already. */
  const writeOnce = async (
    name: string,
    bytes: number,
    upload: (client: BlockBlobClient, options: UploadOptions) => Promise<unknown>,
  ): Promise<void> => {
    const artifacts = await container('artifacts');
    const client = artifacts.getBlockBlobClient(name);
    const attempt = (): Promise<unknown> =>
      upload(client, {
        blockSize: blockSizeFor(bytes, blockBytes),
        concurrency: PARALLEL,
        maxSingleShotSize: blockBytes,
        conditions: { ifNoneMatch: '*' },
        abortSignal: AbortSignal.timeout(UPLOAD_TIMEOUT_MS + Math.ceil(bytes / MIB) * 1_000),
      });
    try {
      if (await client.exists()) return;
      try {
        await attempt();
      } catch (error) {
        if (codeOf(error) !== 'ContainerNotFound') throw error;
        await artifacts.createIfNotExists();
        await attempt();
      }
    } catch (error) {
      // Another writer's commit is told as 409 or 412, or as 400 when it dropped our blocks.
      if ([400, 409, 412].includes(statusOf(error) ?? 0) && (await client.exists())) return;
      throw storageFailure(error, `writing ${name}`);
    }
  };

  /** Makes an artifact of a blob that `blob` names to people: hashes it, then copies just those bytes. */
  const takeOver = async (
    blob: string,
    pinned: PinnedBlob | undefined,
    into: Omit<ArtifactRef, 'digest'>,
    limits: Parameters<ArtifactStore['adopt']>[2],
  ): Promise<{ digest: Digest; bytes: number }> => {
    const { source, digest } = await examineUpload(blob, pinned, { ...limits, rangeBytes });
    const ref: ArtifactRef = { ...into, digest };
    // A copy within the service would need a signed URL; this one needs no more rights than
    // reading, works on the emulator too, and hashes what it copies.
    await writeOnce(artifactName(ref), source.bytes, async (client, options) => {
      const { blockSize, concurrency, ...rest } = options;
      const copy = Readable.from(expectDigest(readWhole(source, rangeBytes), digest, blob), {
        objectMode: false,
      });
      try {
        await client.uploadStream(copy, blockSize, concurrency, rest);
      } finally {
        copy.destroy();
      }
    });
    return { digest, bytes: source.bytes };
  };

  return {
    async put(ref, file) {
      const { size } = await stat(file);
      await writeOnce(artifactName(ref), size, (client, options) =>
        client.uploadFile(file, options),
      );
    },

    async adopt(blob, into, limits) {
      const upload = (await container('uploads')).getBlobClient(uploadName(blob));
      return await takeOver(blob, await pinBlob(upload), into, limits);
    },

    async adoptDropped(blob, into, limits) {
      const dropped = (await container('incoming')).getBlobClient(blob.path);
      return await takeOver(`incoming/${blob.path}`, pinnedAt(dropped, blob), into, limits);
    },

    async fetch(ref, file) {
      const client = (await container('artifacts')).getBlobClient(artifactName(ref));
      return await downloadVerified({
        pin: () => pinBlob(client),
        digest: ref.digest,
        file,
        rangeBytes,
        parallel: PARALLEL,
      });
    },

    async purge(model, incarnation) {
      const artifacts = await container('artifacts');
      const prefix = artifactPrefix(model, incarnation);
      try {
        const pages = artifacts.listBlobsFlat({ prefix }).byPage({ maxPageSize: REMOVALS });
        for await (const { segment } of pages) {
          await Promise.all(
            segment.blobItems.map(({ name }) => artifacts.getBlobClient(name).deleteIfExists()),
          );
        }
      } catch (error) {
        if (codeOf(error) === 'ContainerNotFound') return;
        throw storageFailure(error, `removing ${prefix}`);
      }
    },

    async ping() {
      try {
        const artifacts = await container('artifacts');
        await artifacts.exists({ abortSignal: AbortSignal.timeout(PING_TIMEOUT_MS) });
      } catch (error) {
        throw storageFailure(error, 'asking whether it answers');
      }
    },
  };
}

interface UploadOptions {
  readonly blockSize: number;
  readonly concurrency: number;
  readonly maxSingleShotSize: number;
  readonly conditions: { readonly ifNoneMatch: '*' };
  readonly abortSignal: AbortSignal;
}

/** Bytes in each block of a blob of `bytes`, so that they are no more than Azure takes. */
export function blockSizeFor(bytes: number, wanted: number): number {
  return Math.max(wanted, Math.ceil(bytes / MAX_BLOCKS));
}
