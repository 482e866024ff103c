import { parseBatchId } from '../shared/batch/batch-id.ts';
import { json } from './answer.ts';
import { batchDocument } from './batch-document.ts';
import type { HttpFunction } from './trigger.ts';

/** GET /batches/{id}: a job and how far it is. */
export const readBatchFunction: HttpFunction = {
  kind: 'http',
  name: 'read-batch',
  route: 'batches/{id}',
  methods: ['GET'],
  access: 'Scorer',
  async handler(app, request) {
    const { readBatch } = await import('../shared/usecases/read-batch.ts');
    return json(200, batchDocument(await readBatch(app, parseBatchId(request.params.id ?? ''))));
  },
};
