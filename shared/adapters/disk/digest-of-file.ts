import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import type { Digest } from '../../ids.ts';

const CHUNK_BYTES = 1 << 20;

/** The SHA-256 of what is on disk, read in pieces. @throws the file system's own errors */
export async function digestOfFile(path: string): Promise<Digest> {
  const hash = createHash('sha256');
  const chunks = createReadStream(path, { highWaterMark: CHUNK_BYTES });
  for await (const chunk of chunks as AsyncIterable<Uint8Array>) hash.update(chunk);
  return hash.digest('hex') as Digest;
}
