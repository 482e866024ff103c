import { randomUUID } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import { ServingError } from '../../errors.ts';
import type { Digest } from '../../ids.ts';
import { type PinnedBlob, readRange } from '../pinned-blob.ts';
import { digestOfFile } from './digest-of-file.ts';

const ATTEMPTS = 2;

export interface Download {
  /** Pins the blob; undefined when there is none. */
  readonly pin: () => Promise<PinnedBlob | undefined>;
  readonly digest: Digest;
  readonly file: string;
  readonly rangeBytes: number;
  /** Ranges in flight together. */
  readonly parallel: number;
}

/**
 * Brings a blob to `file`, which appears only once what is on disk has been hashed and is right.
 * Wrong bytes get one more try from scratch. False when there is no such blob.
 * @throws ServingError `damaged`, `unavailable`
 */
export async function downloadVerified(download: Download): Promise<boolean> {
  for (let attempt = 1; ; attempt++) {
    const blob = await download.pin();
    if (!blob) return false;
    const temporary = `${download.file}.${randomUUID()}.part`;
    try {
      await writeRanges(blob, temporary, download);
      const got = await digestOfFile(temporary);
      if (got !== download.digest) {
        throw conflict(`${blob.name}: expected SHA-256 ${download.digest}, got ${got}`);
      }
      await rename(temporary, download.file);
      return true;
    } catch (error) {
      await rm(temporary, { force: true });
      if (!(error instanceof ServingError) || error.failure.kind !== 'conflict') throw error;
      if (attempt < ATTEMPTS) continue;
      throw new ServingError({ kind: 'damaged', detail: error.failure.detail }, { cause: error });
    }
  }
}

async function writeRanges(
  blob: PinnedBlob,
  path: string,
  { rangeBytes, parallel }: Download,
): Promise<void> {
  const file = await open(path, 'wx');
  try {
    let next = 0;
    let failed = false;
    const worker = async (): Promise<void> => {
      while (next < blob.bytes && !failed) {
        let at = next;
        next += rangeBytes;
        for await (const chunk of readRange(blob, at, Math.min(rangeBytes, blob.bytes - at))) {
          for (let done = 0; done < chunk.byteLength; ) {
            const left = chunk.byteLength - done;
            done += (await file.write(chunk, done, left, at + done)).bytesWritten;
          }
          at += chunk.byteLength;
        }
      }
    };
    // All workers have ended before the file is closed, or one would write into nothing.
    const ends = await Promise.allSettled(
      Array.from({ length: parallel }, () =>
        worker().catch((error: unknown) => {
          failed = true;
          throw error;
        }),
      ),
    );
    const failure = ends.find((end) => end.status === 'rejected');
    if (failure) throw failure.reason;
  } finally {
    await file.close();
  }
}

function conflict(detail: string): ServingError {
  return new ServingError({ kind: 'conflict', detail });
}
