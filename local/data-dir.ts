import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { endEmulators } from './emulator-client.ts';

/** Everything the host and the emulators write; what else lies in the folder is somebody else's. */
const OURS = ['azurite', 'cosmos.json', 'scratch', 'samples.json', 'keys', 'emulators.log'];

/** Forgets everything kept in `folder`. @throws Error when another host uses it */
export async function emptyDataDir(folder: string): Promise<void> {
  if (!(await endEmulators(folder))) {
    throw new Error(`--fresh: another host uses ${folder}; stop it first, or set DATA_DIR`);
  }
  for (const name of OURS) await rm(join(folder, name), { recursive: true, force: true });
}
