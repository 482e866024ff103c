import { dealWithPoisoned } from './poisoned.ts';
import type { QueueFunction } from './trigger.ts';

/**
 * Takes what never came to an end, whatever the queue tried: it gets one more life, in case it was
 * the machine's fault, and fails its job after that.
 */
export const poisonedBatchFunction: QueueFunction = {
  kind: 'queue',
  name: 'poisoned-batch',
  queue: 'batch-chunks-poison',
  async handler(app, message, context, operation) {
    const [{ giveUpBatch }, { parseBatchMessage }] = await Promise.all([
      import('../shared/usecases/advance-batch.ts'),
      import('./batch-message.ts'),
    ]);
    await dealWithPoisoned(app, 'batch-chunks', async () => {
      const parsed = parseBatchMessage(message);
      operation.join(parsed.traceparent);
      operation.note({ batch: parsed.id, step: parsed.kind });
      const about = `batch ${parsed.id}: ${parsed.kind}`;
      if ((parsed.revived ?? 0) === 0) {
        context.warn(`${about} failed too often; one more life`);
        await app.messages.sendBatch([{ ...parsed, revived: 1 }]);
      } else {
        context.error(`${about} failed again and again: the job fails`);
        await giveUpBatch(app, parsed);
      }
    });
  },
};
