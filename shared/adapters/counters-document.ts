import type { ArmCounts, Block, StageCounts } from '../rollout/counts.ts';
import { withinLimits } from './document-limits.ts';

/** Seconds that counters outlive their last write: they are looked at again when versions are compared. */
const TTL_SECONDS = 30 * 86_400;

/** A block's counts: production's, then the candidate's, in the order of `packed`. */
type PackedBlock = readonly number[];

/** Every instance writes it every few seconds, and what a write costs is its length. */
interface PackedCounts extends Omit<StageCounts, 'blocks'> {
  readonly blocks: readonly PackedBlock[];
}

/** A document of container `counters`; `rollout` is its partition key. */
export interface CountersDocument {
  /** `{stage}:{boot}`. */
  readonly id: string;
  readonly rollout: string;
  readonly stage: number;
  readonly body: PackedCounts;
  /** Seconds from its last write until Cosmos removes it. */
  readonly ttl: number;
}

/** @throws ServingError as `withinLimits` does */
export function countersDocument(counts: StageCounts): CountersDocument {
  const { key, stage, boot, blocks } = counts;
  const body: PackedCounts = {
    ...counts,
    blocks: blocks.map(({ production, candidate }) => [
      ...packed(production),
      ...packed(candidate),
    ]),
  };
  return withinLimits(
    { id: `${stage}:${boot}`, rollout: key, stage, body, ttl: TTL_SECONDS },
    `counters of stage ${stage} of rollout ${key}`,
  );
}

/** What a document's `body` says. */
export function countsIn(body: CountersDocument['body']): StageCounts {
  return { ...body, blocks: body.blocks.map(unpackedBlock) };
}

function packed(arm: ArmCounts): readonly number[] {
  const { requests, errors, errorsAgain = 0, timed, slow, slowAgain = 0 } = arm;
  return [requests, errors, errorsAgain, timed, slow, slowAgain];
}

function unpackedBlock(block: PackedBlock): Block {
  const half = block.length / 2;
  return { production: unpacked(block.slice(0, half)), candidate: unpacked(block.slice(half)) };
}

function unpacked(counts: readonly number[]): ArmCounts {
  const [requests = 0, errors = 0, errorsAgain = 0, timed = 0, slow = 0, slowAgain = 0] = counts;
  return { requests, errors, errorsAgain, timed, slow, slowAgain };
}
