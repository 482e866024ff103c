import { open } from 'node:fs/promises';

const CHUNK_BYTES = 256 * 1024;
/** A reader who leaves is not always noticed: after this long without a read the file is closed. */
const IDLE_MS = 120_000;

export interface FileStreamOptions {
  readonly start: number;
  readonly end: number;
  readonly idleMs?: number;
  /** Called once the file is closed. */
  readonly onClose?: () => void;
}

/**
 * Bytes of a file from `start` to before `end`. The file is open when this resolves, so it may be
 * removed meanwhile. A stream that errors hangs the caller on Azure, so this one ends early instead.
 */
export async function streamFile(
  path: string,
  { start, end, idleMs = IDLE_MS, onClose }: FileStreamOptions,
): Promise<ReadableStream<Uint8Array>> {
  const file = await open(path, 'r');
  let at = start;
  let closed: Promise<void> | undefined;
  let idle: NodeJS.Timeout | undefined;

  const close = (): Promise<void> => {
    clearTimeout(idle);
    closed ??= file.close().then(onClose);
    return closed;
  };

  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        idle = setTimeout(() => {
          void close();
          controller.close();
        }, idleMs);
        idle.unref();
      },
      async pull(controller) {
        idle?.refresh();
        const chunk = new Uint8Array(Math.min(CHUNK_BYTES, end - at));
        const read = await file.read(chunk, 0, chunk.length, at).then(
          ({ bytesRead }) => bytesRead,
          () => 0,
        );
        if (closed) return;
        at += read;
        if (read > 0) controller.enqueue(chunk.subarray(0, read));
        if (read === 0 || at >= end) {
          await close();
          controller.close();
        }
      },
      cancel: close,
    },
    { highWaterMark: 0 },
  );
}
