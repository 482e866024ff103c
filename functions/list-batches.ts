import type { BatchId } from '../shared/batch/job.ts';
import { json } from './answer.ts';
import { batchDocument } from './batch-document.ts';
import { continuationToken, queryContinuation, queryLimit } from './page.ts';
import type { HttpFunction } from './trigger.ts';

/** GET /batches: jobs, newest first. */
export const listBatchesFunction: HttpFunction = {
  kind: 'http',
  name: 'list-batches',
  route: 'batches',
  methods: ['GET'],
  access: 'Scorer',
  async handler(app, request) {
    const limit = queryLimit(request);
    const [{ batchesPosition }, { listBatches }] = await Promise.all([
      import('./request-schemas.ts'),
      import('../shared/usecases/list-batches.ts'),
    ]);
    const token = queryContinuation(request, batchesPosition);
    const { batches, next } = await listBatches(app, {
      limit,
      ...(token && { before: token.batchesBefore as BatchId }),
    });
    return json(200, {
      batches: batches.map(batchDocument),
      ...(next !== undefined && { continuation: continuationToken({ batchesBefore: next }) }),
    });
  },
};
