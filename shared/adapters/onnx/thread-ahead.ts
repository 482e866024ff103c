import { createRequire } from 'node:module';
import { Worker } from 'node:worker_threads';
import type { Envelope, ThreadData, ThreadRequest } from './thread-protocol.ts';

// A process that is to answer soon starts its first thread before it knows anything else: the
// runtime takes as long to load as all the rest, and does so beside it.

/**
 * JavaScript's garbage is collected after a third of this. By itself it would grow to eight times
 * as much while models come and go, holding the tensors of runs long past for as long.
 */
const MAX_YOUNG_MB = 6;

/** Unloading it changes nothing: an answer says that the thread has done all that came before. */
export const NO_SESSION = 0;

interface Ahead {
  readonly worker: Worker;
  readonly forget: () => void;
}

/** By file; each is taken once. */
const started = new Map<string, Ahead>();

/** Starts a thread that the next `spawnThread` for that file takes; one that waits already will do. */
export function spawnAhead(file: URL): void {
  if (started.has(file.href)) return;
  const worker = spawn(file, { ahead: true });
  // Whoever needs one then starts another, and hears why that fails.
  const forget = (): void => {
    started.delete(file.href);
  };
  worker.once('error', forget);
  worker.once('exit', forget);
  started.set(file.href, { worker, forget });
}

/**
 * Loads the runtime's library into the process. A thread that begins is busy with itself for longer
 * than this takes, and finds it there then. It blocks for some ms: for a process's first moments.
 */
export function loadRuntime(): void {
  try {
    const { platform, arch } = process;
    const library = ['bin', 'napi-v6', platform, arch, 'onnxruntime_binding.node'];
    createRequire(import.meta.url)(['onnxruntime-node', ...library].join('/'));
  } catch {
    // What is wrong shows again, with the first model.
  }
}

/** Ends a thread that was started ahead and that nobody took, once it is out of the runtime. */
export async function endAhead(file: URL): Promise<void> {
  if (!started.has(file.href)) return;
  const worker = spawnThread(file);
  worker.ref();
  await new Promise<void>((resolve) => {
    const done = (): void => {
      resolve();
    };
    worker.once('message', done).once('error', done).once('exit', done);
    const message: ThreadRequest = { type: 'unload', session: NO_SESSION };
    worker.postMessage({ id: 0, message } satisfies Envelope<ThreadRequest>);
  });
  await worker.terminate();
}

/** A thread that runs `file`: the one that was started ahead, or a new one. */
export function spawnThread(file: URL): Worker {
  const ahead = started.get(file.href);
  if (!ahead) return spawn(file, { ahead: false });
  started.delete(file.href);
  ahead.worker.off('error', ahead.forget);
  ahead.worker.off('exit', ahead.forget);
  return ahead.worker;
}

function spawn(file: URL, { ahead }: { ahead: boolean }): Worker {
  const spawnedAt = performance.timeOrigin + performance.now();
  const worker = new Worker(file, {
    workerData: { spawnedAt, ahead } satisfies ThreadData,
    resourceLimits: { maxYoungGenerationSizeMb: MAX_YOUNG_MB },
  });
  // A thread that waits for work must not keep a process alive that has nothing else to do.
  worker.unref();
  return worker;
}
