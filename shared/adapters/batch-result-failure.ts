import type { BatchId } from '../batch/job.ts';
import { ServingError } from '../errors.ts';
import { MAX_BLOCKS } from './blob-limits.ts';

/** A blob of that name is not this job's to write. `owner` is whose it is, if a job's. */
export function resultTaken(name: string, owner: string | undefined): ServingError {
  return new ServingError({
    kind: 'conflict',
    detail: `batches/${name}: ${owner === undefined ? 'a blob' : `the result of batch ${owner}`} stands there already; choose another output.prefix`,
  });
}

/** Staged blocks are not there any more. */
export function blocksGone(name: string, id: BatchId): ServingError {
  return new ServingError({
    kind: 'conflict',
    detail: `batches/${name}: blocks that batch ${id} staged are gone: another job wrote the same name, or 7 days have passed`,
  });
}

/** @throws ServingError `tooLarge` for more blocks than a blob can have, RangeError for an odd one */
export function checkBlocks(name: string, blocks: readonly string[]): void {
  if (blocks.length > MAX_BLOCKS) {
    throw new ServingError({
      kind: 'tooLarge',
      detail: `batches/${name}: expected at most ${MAX_BLOCKS} blocks, got ${blocks.length}`,
    });
  }
  const odd = blocks.find((block) => block.length !== blocks[0]?.length);
  if (odd !== undefined) throw new RangeError(`block ${odd}: not as long as the others`);
}

/** Azure refuses an empty block, emulators don't. @throws RangeError */
export function checkBlock(block: string, bytes: Uint8Array): void {
  if (bytes.byteLength === 0) throw new RangeError(`block ${block}: it is empty`);
}
