import { endAhead, loadRuntime, spawnAhead } from './adapters/onnx/thread-ahead.ts';

// What takes longest of a start needs no settings: a host begins it before it imports the rest.

/** The thread's bundled entry in `dist`, the folder of all entries. */
export function workerFile(dist: URL): URL {
  return new URL('worker.cjs', dist);
}

/**
 * Starts the first thread that runs models, which `compose` then takes, and imports the rest of the
 * host by `load` meanwhile.
 */
export async function startAhead<T>(dist: URL, load: () => Promise<T>): Promise<T> {
  spawnAhead(workerFile(dist));
  const loading = load();
  loadRuntime();
  return await loading;
}

/** Ends what `startAhead` has started if nobody came to take it: a process mustn't exit before. */
export async function abandonStart(dist: URL): Promise<void> {
  await endAhead(workerFile(dist));
}
