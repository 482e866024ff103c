import { createHash } from 'node:crypto';
import { open, readFile, stat } from 'node:fs/promises';
import { arch, cpus, platform } from 'node:os';
import { join } from 'node:path';
import { dependencies } from '../../../package.json';
import type { Digest } from '../../ids.ts';
import { digestOfFile } from '../disk/digest-of-file.ts';
import { MANIFEST_FILE, stampOf } from './prepared-manifest.ts';
import { GRAPH_FILE, WEIGHTS_FILE } from './serving-options.ts';

// The prepared form of a model: its graph as the runtime optimized it for this CPU, and its weights
// beside it, packed as the kernels want them. Sessions map the weights instead of copying them. It
// is good for one runtime and one kind of CPU, so it never leaves the instance that made it.

/** To be raised when the way of preparing changes: older forms are then never found. */
const RECIPE = 1;
/** The first CPU's part of /proc/cpuinfo is shorter. */
const CPU_INFO_BYTES = 16_384;

/** What stands in a form's folder. */
export interface FormManifest {
  readonly files: readonly FormFile[];
}

interface FormFile {
  readonly name: typeof GRAPH_FILE | typeof WEIGHTS_FILE;
  readonly bytes: number;
  readonly sha256: string;
  readonly stamp: string;
}

/** Names the prepared form of a model: for other bytes, another runtime or CPU it is another one. */
export async function preparedKey(model: Digest): Promise<Digest> {
  const parts = [RECIPE, model, dependencies['onnxruntime-node'], await cpuIdentity()];
  return createHash('sha256').update(parts.join('\n')).digest('hex') as Digest;
}

let identity: Promise<string> | undefined;

/** What this CPU is and can: by it the runtime chooses its kernels, and how weights are packed. */
function cpuIdentity(): Promise<string> {
  identity ??= readCpuInfo().catch(() => [platform(), arch(), cpus()[0]?.model].join(' '));
  return identity;
}

async function readCpuInfo(): Promise<string> {
  const file = await open('/proc/cpuinfo', 'r');
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(CPU_INFO_BYTES), 0);
    const first = buffer.toString('latin1', 0, bytesRead).split('\n\n')[0] ?? '';
    // Clock rates and the CPU's number change from one look to the next.
    const stable =
      /^(vendor_id|cpu family|model|model name|stepping|flags|Features|CPU [a-z]+)\s*:/;
    return first
      .split('\n')
      .filter((line) => stable.test(line))
      .join('\n');
  } finally {
    await file.close();
  }
}

/** What should stand in `folder`; undefined when nothing says so. */
export async function readManifest(folder: string): Promise<FormManifest | undefined> {
  try {
    const text = await readFile(join(folder, MANIFEST_FILE), 'utf8');
    const { files } = JSON.parse(text) as { files?: unknown };
    return Array.isArray(files) && files.length > 0 && files.every(isFormFile)
      ? { files }
      : undefined;
  } catch {
    return undefined;
  }
}

/** Not by zod: the first answer of every instance would wait for it. */
function isFormFile(value: unknown): value is FormFile {
  if (typeof value !== 'object' || value === null) return false;
  const { name, bytes, sha256, stamp } = value as Record<string, unknown>;
  return (
    (name === GRAPH_FILE || name === WEIGHTS_FILE) &&
    Number.isSafeInteger(bytes) &&
    Number(bytes) >= 0 &&
    typeof sha256 === 'string' &&
    sha256.length === 64 &&
    typeof stamp === 'string'
  );
}

/**
 * Whether every file stands with its length, and with `contents` byte for byte: as nobody has
 * touched it since it was hashed, or else by hashing it again.
 */
export async function isIntact(
  folder: string,
  { files }: FormManifest,
  { contents }: { contents: boolean },
): Promise<boolean> {
  try {
    for (const { name, bytes, sha256, stamp } of files) {
      const path = join(folder, name);
      const found = await stat(path, { bigint: true });
      if (found.size !== BigInt(bytes)) return false;
      if (!contents || stampOf(found) === stamp) continue;
      if ((await digestOfFile(path)) !== sha256) return false;
    }
    return true;
  } catch {
    return false;
  }
}
