import type { BatchView } from '../shared/usecases/read-batch.ts';

/** A job as GET and POST answer it. */
export function batchDocument({ job, progress }: BatchView) {
  const { id, state, reason, request, who, planned, createdAt, finishedAt } = job;
  const { rows, chunksDone, etaSeconds } = progress;
  return {
    id,
    state,
    ...(reason !== undefined && { reason }),
    who,
    model: request.model,
    version: planned ? String(planned.version) : undefined,
    format: request.format,
    rows,
    chunks: { total: planned?.plan.chunks ?? 0, done: chunksDone },
    ...(state === 'completed' && {
      output: `/batches/${id}/output`,
      errors: `/batches/${id}/errors`,
    }),
    createdAt: new Date(createdAt).toISOString(),
    ...(finishedAt !== undefined && { finishedAt: new Date(finishedAt).toISOString() }),
    ...(etaSeconds !== undefined && { etaSeconds }),
  };
}
