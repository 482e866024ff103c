import { stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { digestOfFile } from '../disk/digest-of-file.ts';
import type { FormManifest } from './prepared-form.ts';
import { GRAPH_FILE, WEIGHTS_FILE } from './serving-options.ts';

export const MANIFEST_FILE = 'manifest.json';

/** Says in a file of its own what stands in `folder`, so that damage shows; written last. */
export async function writeManifest(folder: string): Promise<void> {
  const files: FormManifest['files'] = [];
  for (const name of [GRAPH_FILE, WEIGHTS_FILE] as const) {
    const path = join(folder, name);
    const found = await stat(path).catch(() => undefined);
    // A model without large constants has no file of weights.
    if (found) files.push({ name, bytes: found.size, sha256: await digestOfFile(path) });
  }
  await writeFile(join(folder, MANIFEST_FILE), JSON.stringify({ files } satisfies FormManifest));
}
