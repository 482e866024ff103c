import type { BigIntStats } from 'node:fs';
import { open, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { digestOfFile } from '../disk/digest-of-file.ts';
import type { FormManifest } from './prepared-form.ts';
import { GRAPH_FILE, WEIGHTS_FILE } from './serving-options.ts';

export const MANIFEST_FILE = 'manifest.json';

/** Says in a file of its own what stands in `folder`, so that damage shows; written last. */
export async function writeManifest(folder: string): Promise<void> {
  const files: FormManifest['files'][number][] = [];
  for (const name of [GRAPH_FILE, WEIGHTS_FILE] as const) {
    const path = join(folder, name);
    // A model without large constants has no file of weights.
    if (!(await exists(path))) continue;
    await flush(path);
    const sha256 = await digestOfFile(path);
    const found = await stat(path, { bigint: true });
    files.push({ name, bytes: Number(found.size), sha256, stamp: stampOf(found) });
  }
  await writeFile(join(folder, MANIFEST_FILE), JSON.stringify({ files } satisfies FormManifest));
}

/**
 * Changes with every write to a file, and nothing that may write can choose it (the time of the
 * inode's last change). So a file that still has its stamp needn't be read to be trusted: hashing
 * a large form takes longer than loading it.
 */
export function stampOf({ ino, mtimeNs, ctimeNs }: BigIntStats): string {
  return `${ino} ${mtimeNs} ${ctimeNs}`;
}

async function exists(path: string): Promise<boolean> {
  return await stat(path).then(
    () => true,
    () => false,
  );
}

/** Else a machine that fails could leave a file of the right length and times, but not its bytes. */
async function flush(path: string): Promise<void> {
  const file = await open(path, 'r+');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}
