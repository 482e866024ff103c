import { type FailureKind, ServingError } from '../errors.ts';
import type { BatchMessage } from '../ports/messages.ts';
import type { BatchDeps } from './batch-deps.ts';
import { failBatch } from './end-batch.ts';
import { fanOut } from './fan-out-batch.ts';
import { finishBatch } from './finish-batch.ts';
import { planBatch } from './plan-batch.ts';
import { scoreChunk } from './score-chunk.ts';

/** Failures that another try would only repeat: they are the job's end. */
const FINAL: ReadonlySet<FailureKind> = new Set([
  'malformed',
  'notFound',
  'conflict',
  'rejected',
  'tooLarge',
  'unsupportedMedia',
]);

/**
 * Does what a message says. What would fail again in the same way ends the job with its reason; the
 * rest is thrown, so that the message comes again.
 */
export async function advanceBatch(deps: BatchDeps, message: BatchMessage): Promise<void> {
  try {
    await carryOut(deps, message);
  } catch (error) {
    if (!(error instanceof ServingError) || !FINAL.has(error.failure.kind)) throw error;
    await failFor(deps, message, error.failure.detail);
  }
}

function carryOut(deps: BatchDeps, message: BatchMessage): Promise<void> {
  switch (message.kind) {
    case 'plan':
      return planBatch(deps, message.id);
    case 'fan':
      return fanOut(deps, message.id, message.group);
    case 'chunk':
      return scoreChunk(deps, message.id, message.chunk);
    case 'finish':
      return finishBatch(deps, message.id);
  }
}

/** Ends a job one of whose messages was tried again and again. */
export async function giveUpBatch(deps: BatchDeps, message: BatchMessage): Promise<void> {
  await failFor(deps, message, `${WORK[message.kind]} crashed again and again`);
}

const WORK: Readonly<Record<BatchMessage['kind'], string>> = {
  plan: 'planning',
  fan: 'handing out the chunks',
  chunk: 'scoring',
  finish: 'putting the result together',
};

async function failFor(deps: BatchDeps, message: BatchMessage, why: string): Promise<void> {
  const job = (await deps.batchJobs.read(message.id))?.value;
  if (!job) return;
  const reason = message.kind === 'chunk' ? `chunk ${message.chunk}: ${why}` : why;
  await failBatch(deps, job, reason);
}
