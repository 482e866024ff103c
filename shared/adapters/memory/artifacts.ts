import { readFile } from 'node:fs/promises';
import { ServingError } from '../../errors.ts';
import type { Digest } from '../../ids.ts';
import type { ArtifactRef, ArtifactStore } from '../../ports/artifacts.ts';
import { artifactName, artifactPrefix } from '../artifact-name.ts';
import { downloadVerified } from '../disk/verified-download.ts';
import { examineUpload } from '../examine-upload.ts';
import { expectDigest, type PinnedBlob, readWhole } from '../pinned-blob.ts';
import { uploadName } from '../upload-name.ts';
import { tagOf } from './blob-tag.ts';

/** Artifacts in memory, for tests; the maps are open so that a test can put and damage blobs. */
export interface MemoryArtifacts extends ArtifactStore {
  /** By the name within `artifacts`. A blob is replaced, never changed in place. */
  readonly artifacts: Map<string, Uint8Array>;
  /** By the name within `uploads`. */
  readonly uploads: Map<string, Uint8Array>;
  /** By the name within `incoming`. */
  readonly incoming: Map<string, Uint8Array>;
}

export function createMemoryArtifacts({
  rangeBytes = 8 << 20,
  onRead = () => undefined,
}: {
  rangeBytes?: number;
  /** Called, and awaited, before each range is read, with the blob's name. */
  onRead?: (name: string) => unknown;
} = {}): MemoryArtifacts {
  const artifacts = new Map<string, Uint8Array>();
  const uploads = new Map<string, Uint8Array>();
  const incoming = new Map<string, Uint8Array>();

  /** The identity of the bytes is the ETag; without `pinned`, as they are now. */
  const pin = (
    blobs: Map<string, Uint8Array>,
    name: string,
    pinned = blobs.get(name),
  ): PinnedBlob | undefined => {
    if (!pinned) return undefined;
    return {
      name,
      bytes: pinned.byteLength,
      async *read(offset, count) {
        await onRead(name);
        if (blobs.get(name) !== pinned) throw changed(name);
        yield pinned.subarray(offset, offset + count);
      },
    };
  };

  /** Makes an artifact of a blob that `blob` names to people. */
  const takeOver = async (
    blob: string,
    pinned: PinnedBlob | undefined,
    into: Omit<ArtifactRef, 'digest'>,
    limits: Parameters<ArtifactStore['adopt']>[2],
  ): Promise<{ digest: Digest; bytes: number }> => {
    const { source, digest } = await examineUpload(blob, pinned, { ...limits, rangeBytes });
    const ref: ArtifactRef = { ...into, digest };
    const chunks: Uint8Array[] = [];
    for await (const chunk of expectDigest(readWhole(source, rangeBytes), digest, blob)) {
      chunks.push(chunk);
    }
    const name = artifactName(ref);
    if (!artifacts.has(name)) artifacts.set(name, Buffer.concat(chunks));
    return { digest, bytes: source.bytes };
  };

  return {
    artifacts,
    uploads,
    incoming,

    async put(ref, file) {
      const name = artifactName(ref);
      const bytes = await readFile(file);
      if (!artifacts.has(name)) artifacts.set(name, bytes);
    },

    adopt: async (blob, into, limits) =>
      await takeOver(blob, pin(uploads, uploadName(blob)), into, limits),

    async adoptDropped({ path, etag }, into, limits) {
      const bytes = incoming.get(path);
      if (!bytes || tagOf(bytes) !== etag) throw changed(path);
      return await takeOver(`incoming/${path}`, pin(incoming, path, bytes), into, limits);
    },

    async fetch(ref, file) {
      const name = artifactName(ref);
      return await downloadVerified({
        pin: () => Promise.resolve(pin(artifacts, name)),
        digest: ref.digest,
        file,
        rangeBytes,
        parallel: 4,
      });
    },

    purge(model, incarnation) {
      const prefix = artifactPrefix(model, incarnation);
      for (const name of [...artifacts.keys()]) {
        if (name.startsWith(prefix)) artifacts.delete(name);
      }
      return Promise.resolve();
    },

    ping: () => Promise.resolve(),
  };
}

function changed(name: string): ServingError {
  return new ServingError({
    kind: 'conflict',
    detail: `${name}: it was changed while it was read`,
  });
}
