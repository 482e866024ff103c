import type { QueueFunction } from './trigger.ts';

/** Does what a job's message says: plans it, sends its chunks, scores one, or puts all together. */
export const scoreBatchFunction: QueueFunction = {
  kind: 'queue',
  name: 'score-batch',
  queue: 'batch-chunks',
  async handler(app, message, _context, operation) {
    const [{ advanceBatch }, { parseBatchMessage }] = await Promise.all([
      import('../shared/usecases/advance-batch.ts'),
      import('./batch-message.ts'),
    ]);
    const parsed = parseBatchMessage(message);
    operation.join(parsed.traceparent);
    operation.note({ batch: parsed.id, step: parsed.kind });
    if (parsed.kind === 'chunk') operation.note({ chunk: parsed.chunk });
    await advanceBatch(app, parsed);
  },
};
