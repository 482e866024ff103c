import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ServingError } from '../../errors.ts';
import type { Digest } from '../../ids.ts';

const DIGEST = /^[0-9a-f]{64}$/;
const RETRY_AFTER_SECONDS = 10;

/** Which files of a folder may stand: what is held stays, the rest goes oldest use first. */
export interface DiskBudget {
  /**
   * Makes room for a file, and holds it: it is not removed before as many `release`s.
   * @throws ServingError `tooLarge`, `overloaded`
   */
  hold(digest: Digest, bytes: number): Promise<void>;
  release(digest: Digest): void;
  /** Removes a file that turned out to be of no use, unless someone holds it. */
  discard(digest: Digest): Promise<void>;
}

/**
 * Takes stock of the files `{digest}{suffix}` in `dir`, which exists; the one written first goes
 * first. A folder of that name is one file too: what is in it goes together.
 */
export async function createDiskBudget({
  dir,
  suffix,
  maxBytes,
}: {
  dir: string;
  suffix: string;
  maxBytes: number;
}): Promise<DiskBudget> {
  // A Map keeps the order of insertion: the first is the one not used for longest.
  const files = new Map<Digest, { bytes: number; holders: number }>();
  let total = 0;
  let last: Promise<unknown> = Promise.resolve();

  for (const found of await stock(dir, suffix)) {
    files.set(found.digest, { bytes: found.bytes, holders: 0 });
    total += found.bytes;
  }

  /** Removal takes time: nobody may be given a file that is on its way out. */
  const inTurn = (work: () => Promise<void>): Promise<void> => {
    const mine = last.then(work);
    last = mine.catch(() => undefined);
    return mine;
  };

  const holdKnown = (digest: Digest): boolean => {
    const file = files.get(digest);
    if (!file) return false;
    file.holders += 1;
    files.delete(digest);
    files.set(digest, file);
    return true;
  };

  const remove = async (digest: Digest): Promise<void> => {
    total -= files.get(digest)?.bytes ?? 0;
    files.delete(digest);
    await rm(join(dir, `${digest}${suffix}`), { recursive: true, force: true });
  };

  return {
    async hold(digest, bytes) {
      if (holdKnown(digest)) return;
      await inTurn(async () => {
        if (holdKnown(digest)) return;
        if (bytes > maxBytes) {
          throw new ServingError({
            kind: 'tooLarge',
            detail: `model file: expected at most ${maxBytes} bytes, the local disk set aside for models; got ${bytes}`,
          });
        }
        while (total + bytes > maxBytes) {
          const idle = [...files].find(([, file]) => file.holders === 0);
          if (!idle) {
            throw new ServingError({
              kind: 'overloaded',
              detail: `model file: no room for ${bytes} bytes, files in use take ${total} of ${maxBytes}; try again`,
              retryAfterSeconds: RETRY_AFTER_SECONDS,
            });
          }
          await remove(idle[0]);
        }
        files.set(digest, { bytes, holders: 1 });
        total += bytes;
      });
    },
    release(digest) {
      const file = files.get(digest);
      if (file) file.holders -= 1;
    },
    discard: (digest) =>
      inTurn(async () => {
        if (files.get(digest)?.holders === 0) await remove(digest);
      }),
  };
}

async function stock(dir: string, suffix: string): Promise<{ digest: Digest; bytes: number }[]> {
  const found: { digest: Digest; bytes: number; writtenAt: number }[] = [];
  for (const name of await readdir(dir)) {
    if (!name.endsWith(suffix)) continue;
    const digest = name.slice(0, -suffix.length);
    if (!DIGEST.test(digest)) continue;
    const path = join(dir, name);
    const { mtimeMs } = await stat(path);
    found.push({ digest: digest as Digest, bytes: await bytesOf(path), writtenAt: mtimeMs });
  }
  return found.sort((a, b) => a.writtenAt - b.writtenAt);
}

/** A file's size, or that of the files in a folder. */
async function bytesOf(path: string): Promise<number> {
  const found = await stat(path);
  if (!found.isDirectory()) return found.size;
  let bytes = 0;
  for (const name of await readdir(path)) bytes += (await stat(join(path, name))).size;
  return bytes;
}
