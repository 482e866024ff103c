import { parseBatchId } from '../shared/batch/batch-id.ts';
import { json } from './answer.ts';
import { batchDocument } from './batch-document.ts';
import type { HttpFunction } from './trigger.ts';

/** DELETE /batches/{id}: cancels a job. */
export const cancelBatchFunction: HttpFunction = {
  kind: 'http',
  name: 'cancel-batch',
  route: 'batches/{id}',
  methods: ['DELETE'],
  access: 'Scorer',
  async handler(app, request, _context, { caller }) {
    const [{ cancelBatch }, { progressOf }] = await Promise.all([
      import('../shared/usecases/end-batch.ts'),
      import('../shared/usecases/batch-progress.ts'),
    ]);
    const job = await cancelBatch(app, parseBatchId(request.params.id ?? ''), caller.name);
    return json(202, batchDocument({ job, progress: await progressOf(app, job) }));
  },
};
