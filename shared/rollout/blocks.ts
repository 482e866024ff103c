import type { Arm, ArmCounts, Block } from './counts.ts';

/** Ms that a block lasts at least: long against a request, short against what changes with the hour. */
export const BLOCK_MS = 5000;

/** A block of fewer requests goes on, so that little traffic still has both arms in one block. */
const MIN_REQUESTS = 16;

/** Blocks that an instance keeps of a stage; beyond, every two neighbours become one. */
export const MAX_BLOCKS = 256;

/** What is counted of one request. */
export interface Outcome {
  readonly error: boolean;
  /** Its run was timed, the version is warm on this instance, and `slowMs` is settled. */
  readonly timed: boolean;
  /** Only of a timed run. */
  readonly slow: boolean;
  /** As `repeats` of `callers.ts` says. */
  readonly errorAgain?: boolean;
  readonly slowAgain?: boolean;
}

type Counts = { -readonly [key in keyof ArmCounts]-?: number };

interface Open {
  readonly startedAt: number;
  readonly production: Counts;
  readonly candidate: Counts;
}

/**
 * Counts requests by time, on one instance, for one stage. When a block ends depends on the clock and
 * on how many requests there were, never on what came of them: else the test would not hold.
 */
export class BlockBuilder {
  #blocks: Block[] = [];
  #open: Open | undefined;
  #blockMs = BLOCK_MS;

  /** `now` in ms; a clock that goes back only makes a block longer. */
  add(arm: Arm, outcome: Outcome, now: number): void {
    if (this.#open && now - this.#open.startedAt >= this.#blockMs && isEnough(this.#open)) {
      this.#close(this.#open);
    }
    this.#open ??= { startedAt: now, production: zero(), candidate: zero() };
    const counts = this.#open[arm];
    counts.requests += 1;
    if (outcome.error) counts.errors += 1;
    if (outcome.error && outcome.errorAgain) counts.errorsAgain += 1;
    if (!outcome.timed) return;
    counts.timed += 1;
    if (outcome.slow) counts.slow += 1;
    if (outcome.slow && outcome.slowAgain) counts.slowAgain += 1;
  }

  /** By time, the one under way last. A copy: it may be kept. */
  blocks(): readonly Block[] {
    return this.#open ? [...this.#blocks, blockOf(this.#open)] : [...this.#blocks];
  }

  #close(open: Open): void {
    this.#blocks.push(blockOf(open));
    this.#open = undefined;
    if (this.#blocks.length < MAX_BLOCKS) return;
    const merged: Block[] = [];
    for (const [i, block] of this.#blocks.entries()) {
      const before = i % 2 === 1 ? merged.pop() : undefined;
      merged.push(before ? sumOfBlocks(before, block) : block);
    }
    this.#blocks = merged;
    this.#blockMs *= 2;
  }
}

function isEnough({ production, candidate }: Open): boolean {
  return (
    production.requests > 0 &&
    candidate.requests > 0 &&
    production.requests + candidate.requests >= MIN_REQUESTS
  );
}

function blockOf({ production, candidate }: Open): Block {
  return { production: { ...production }, candidate: { ...candidate } };
}

function sumOfBlocks(a: Block, b: Block): Block {
  return {
    production: sumOfCounts([a.production, b.production]),
    candidate: sumOfCounts([a.candidate, b.candidate]),
  };
}

function zero(): Counts {
  return { requests: 0, errors: 0, errorsAgain: 0, timed: 0, slow: 0, slowAgain: 0 };
}

/** What one arm did in all of them. */
export function sumOfCounts(all: Iterable<ArmCounts>): Required<ArmCounts> {
  const sum = zero();
  for (const counts of all) {
    sum.requests += counts.requests;
    sum.errors += counts.errors;
    sum.errorsAgain += counts.errorsAgain ?? 0;
    sum.timed += counts.timed;
    sum.slow += counts.slow;
    sum.slowAgain += counts.slowAgain ?? 0;
  }
  return sum;
}
