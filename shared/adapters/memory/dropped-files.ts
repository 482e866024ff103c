import { ServingError } from '../../errors.ts';
import type { Clock } from '../../ports/clock.ts';
import type { DroppedFiles } from '../../ports/dropped-files.ts';
import { smallEnough } from '../dropped-file.ts';
import { answering } from './answering.ts';
import { tagOf } from './blob-tag.ts';

/** Dropped models in memory, for tests: `incoming` are the blobs, by their name; one is replaced, never changed. */
export function createMemoryDroppedFiles({
  incoming,
  clock,
}: {
  incoming: Map<string, Uint8Array>;
  clock: Clock;
}): DroppedFiles {
  const written = new WeakMap<Uint8Array, number>();
  /** When these bytes were first seen: the map tells nobody when it is written to. */
  const writtenAt = (bytes: Uint8Array): number => {
    const at = written.get(bytes) ?? clock();
    written.set(bytes, at);
    return at;
  };
  const look = (path: string) => {
    const bytes = incoming.get(path);
    return bytes && { path, etag: tagOf(bytes), bytes: bytes.byteLength };
  };
  return {
    look: answering(look),
    read: answering((blob, maxBytes) => {
      smallEnough(blob, maxBytes);
      const bytes = incoming.get(blob.path);
      if (bytes && tagOf(bytes) === blob.etag) return Buffer.from(bytes);
      throw new ServingError({
        kind: 'conflict',
        detail: `${blob.path}: it was ${bytes ? 'changed' : 'removed'} while it was read`,
      });
    }),
    async *list() {
      await Promise.resolve();
      for (const path of [...incoming.keys()].sort()) {
        const bytes = path.endsWith('.onnx') ? incoming.get(path) : undefined;
        const blob = bytes && look(path);
        if (blob) yield { ...blob, writtenAt: writtenAt(bytes) };
      }
    },
    leave: answering((path, json) => void incoming.set(path, Buffer.from(json))),
  };
}
