import { constants, setPriority } from 'node:os';
import * as runtime from 'onnxruntime-node';
import { writeManifest } from './prepared-manifest.ts';
import { preparingOptions } from './serving-options.ts';

/**
 * Leaves the prepared form of the model `path` in the folder `into`. For a thread of its own: it
 * takes several times as long as loading, and whoever answers requests goes first.
 * @throws Error when the runtime can't write it
 */
export async function prepareModel(path: string, into: string): Promise<void> {
  if (process.platform === 'linux') setPriority(constants.priority.PRIORITY_LOW);
  const session = await runtime.InferenceSession.create(path, preparingOptions(into));
  await session.release();
  await writeManifest(into);
}
