import { parseBatchId } from '../shared/batch/batch-id.ts';
import type { BatchId } from '../shared/batch/job.ts';
import { json } from './answer.ts';
import { batchDocument } from './batch-document.ts';
import { continuationToken, queryContinuation, queryLimit } from './page.ts';
import type { HttpFunction } from './trigger.ts';

/** GET /batches/{id}: a job and how far it is. */
export const readBatchFunction: HttpFunction = {
  kind: 'http',
  name: 'read-batch',
  route: 'batches/{id}',
  methods: ['GET'],
  access: 'function',
  async handler(app, request) {
    const { readBatch } = await import('../shared/usecases/read-batch.ts');
    return json(200, batchDocument(await readBatch(app, parseBatchId(request.params.id ?? ''))));
  },
};

/** GET /batches: jobs, newest first. */
export const listBatchesFunction: HttpFunction = {
  kind: 'http',
  name: 'list-batches',
  route: 'batches',
  methods: ['GET'],
  access: 'function',
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

/** DELETE /batches/{id}: cancels a job. */
export const cancelBatchFunction: HttpFunction = {
  kind: 'http',
  name: 'cancel-batch',
  route: 'batches/{id}',
  methods: ['DELETE'],
  access: 'function',
  async handler(app, request) {
    const [{ cancelBatch }, { progressOf }] = await Promise.all([
      import('../shared/usecases/end-batch.ts'),
      import('../shared/usecases/batch-progress.ts'),
    ]);
    const job = await cancelBatch(app, parseBatchId(request.params.id ?? ''));
    return json(202, batchDocument({ job, progress: await progressOf(app, job) }));
  },
};
