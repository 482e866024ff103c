import type { DroppedBlob } from '../drops/drop.ts';
import { ServingError } from '../errors.ts';

/** @throws ServingError `tooLarge` when a blob that is to be held in memory has more than `maxBytes` */
export function smallEnough({ path, bytes }: DroppedBlob, maxBytes: number): void {
  if (bytes <= maxBytes) return;
  throw new ServingError({
    kind: 'tooLarge',
    detail: `blob incoming/${path}: expected at most ${maxBytes} bytes, got ${bytes}`,
  });
}
