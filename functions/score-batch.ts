import type { QueueFunction } from './trigger.ts';

/** Does what a job's message says: plans it, sends its chunks, scores one, or puts all together. */
export const scoreBatchFunction: QueueFunction = {
  kind: 'queue',
  name: 'score-batch',
  queue: 'batch-chunks',
  async handler(app, message) {
    const [{ advanceBatch }, { parseBatchMessage }] = await Promise.all([
      import('../shared/usecases/advance-batch.ts'),
      import('./batch-message.ts'),
    ]);
    await advanceBatch(app, parseBatchMessage(message));
  },
};
