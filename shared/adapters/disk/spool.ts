import { createHash, randomUUID } from 'node:crypto';
import { type FileHandle, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ServingError } from '../../errors.ts';
import type { Digest } from '../../ids.ts';
import type { Spool, SpooledFile } from '../../ports/model-files.ts';
import { processFolder } from './process-folder.ts';

const RETRY_AFTER_SECONDS = 5;

/** Spools bodies below `dir`; all that stand there at one moment are at most `maxBytes` together. */
export function createSpool({ dir, maxBytes }: { dir: string; maxBytes: number }): Spool {
  const folder = processFolder(dir);
  let taken = 0;

  return {
    async write(source, limit): Promise<SpooledFile> {
      const path = join(await folder(), randomUUID());
      const hash = createHash('sha256');
      let bytes = 0;

      const remove = async (): Promise<void> => {
        await rm(path, { force: true });
        taken -= bytes;
        bytes = 0;
      };
      const reserve = (more: number): void => {
        if (bytes + more > limit.maxBytes) {
          throw new ServingError({
            kind: 'tooLarge',
            detail: `${limit.what}: expected at most ${limit.maxBytes} bytes, got more; larger files go to /uploads first`,
          });
        }
        if (taken + more > maxBytes) {
          throw noRoom(
            `${limit.what}: the ${maxBytes} bytes of disk for bodies being received are taken`,
          );
        }
        taken += more;
        bytes += more;
      };

      try {
        const file = await open(path, 'wx');
        try {
          for await (const chunk of source) {
            reserve(chunk.byteLength);
            limit.check?.push(chunk);
            hash.update(chunk);
            await writeAll(file, chunk);
          }
          limit.check?.end();
        } finally {
          await file.close();
        }
      } catch (error) {
        await remove();
        throw (error as NodeJS.ErrnoException).code === 'ENOSPC'
          ? noRoom(`${limit.what}: the disk for bodies being received is full`, error)
          : error;
      }

      const size = bytes;
      let removed: Promise<void> | undefined;
      return {
        path,
        digest: hash.digest('hex') as Digest,
        bytes: size,
        discard: () => (removed ??= remove()),
      };
    },
  };
}

function noRoom(detail: string, cause?: unknown): ServingError {
  return new ServingError(
    { kind: 'overloaded', detail: `${detail}; try again`, retryAfterSeconds: RETRY_AFTER_SECONDS },
    { cause },
  );
}

async function writeAll(file: FileHandle, chunk: Uint8Array): Promise<void> {
  for (let at = 0; at < chunk.byteLength; ) {
    at += (await file.write(chunk, at)).bytesWritten;
  }
}
