import { createHash } from 'node:crypto';
import { ServingError } from '../errors.ts';
import type { Digest } from '../ids.ts';
import type { ContentCheck } from '../ports/artifacts.ts';

/** A blob as it was at one moment: reading it fails once it is another or gone. */
export interface PinnedBlob {
  readonly name: string;
  readonly bytes: number;
  /** The bytes from `offset` on. @throws ServingError `conflict` (it changed), `unavailable` */
  read(offset: number, count: number): AsyncIterable<Uint8Array>;
}

/** Reads one range. @throws ServingError `conflict` when it has not exactly `count` bytes */
export async function* readRange(
  blob: PinnedBlob,
  offset: number,
  count: number,
): AsyncGenerator<Uint8Array> {
  let got = 0;
  for await (const chunk of blob.read(offset, count)) {
    got += chunk.byteLength;
    if (got > count) break;
    yield chunk;
  }
  if (got !== count) {
    throw new ServingError({
      kind: 'conflict',
      detail: `${blob.name}: expected ${count} bytes from ${offset} on, got ${got > count ? 'more' : got}`,
    });
  }
}

/** The whole blob in order, a range at a time, so that no single request outlasts its time limit. */
export async function* readWhole(blob: PinnedBlob, rangeBytes: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < blob.bytes; at += rangeBytes) {
    yield* readRange(blob, at, Math.min(rangeBytes, blob.bytes - at));
  }
}

/**
 * The bytes [start, end), a step at a time, each held as a whole while the next one comes: the
 * reader may take its time, since no request waits for it.
 */
export async function* readSteps(
  blob: PinnedBlob,
  { start, end }: { start: number; end: number },
  stepBytes: number,
): AsyncGenerator<Uint8Array> {
  const take = async (at: number): Promise<Uint8Array> => {
    const bytes = Buffer.allocUnsafe(Math.min(stepBytes, end - at));
    let filled = 0;
    for await (const chunk of readRange(blob, at, bytes.byteLength)) {
      bytes.set(chunk, filled);
      filled += chunk.byteLength;
    }
    return bytes;
  };
  if (start >= end) return;
  let step = take(start);
  for (let at = start; at < end; at += stepBytes) {
    const bytes = await step;
    const after = at + stepBytes;
    if (after < end) {
      step = take(after);
      // A reader that stops never sees it.
      step.catch(() => undefined);
    }
    yield bytes;
  }
}

/** The SHA-256 of what passes, once all of it has; `check` sees every chunk. */
export async function digestOf(
  chunks: AsyncIterable<Uint8Array>,
  check?: ContentCheck,
): Promise<Digest> {
  const hash = createHash('sha256');
  for await (const chunk of chunks) {
    check?.push(chunk);
    hash.update(chunk);
  }
  check?.end();
  return hash.digest('hex') as Digest;
}

/** Passes chunks on and throws at the end unless they had that digest. @throws ServingError `conflict` */
export async function* expectDigest(
  chunks: AsyncIterable<Uint8Array>,
  expected: Digest,
  name: string,
): AsyncGenerator<Uint8Array> {
  const hash = createHash('sha256');
  for await (const chunk of chunks) {
    hash.update(chunk);
    yield chunk;
  }
  const got = hash.digest('hex');
  if (got !== expected) {
    throw new ServingError({
      kind: 'conflict',
      detail: `${name}: expected SHA-256 ${expected}, got ${got} when it was read again`,
    });
  }
}
