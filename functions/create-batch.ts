import { json } from './answer.ts';
import { idempotencyKeyOf } from './idempotency-key.ts';
import type { HttpFunction } from './trigger.ts';

/** POST /batches: a file to be scored, by the queue. */
export const createBatchFunction: HttpFunction = {
  kind: 'http',
  name: 'create-batch',
  route: 'batches',
  methods: ['POST'],
  access: 'Scorer',
  async handler(app, request, _context, { caller, operation }) {
    const [{ readBatchBody }, { createBatch }, { batchDocument }, { progressOf }] =
      await Promise.all([
        import('./batch-body.ts'),
        import('../shared/usecases/create-batch.ts'),
        import('./batch-document.ts'),
        import('../shared/usecases/batch-progress.ts'),
      ]);
    const idempotencyKey = idempotencyKeyOf(request);
    const body = await readBatchBody(request, app.config.maxBodyBytes);
    const job = await createBatch(app, {
      ...body,
      who: caller.name,
      traceparent: operation.traceparent(),
      ...(idempotencyKey !== undefined && { idempotencyKey }),
    });
    operation.note({ model: job.request.model, batch: job.id });
    const document = batchDocument({ job, progress: await progressOf(app, job) });
    return json(202, document, { location: `/batches/${job.id}` });
  },
};
