import { ServingError } from '../shared/errors.ts';
import { json } from './answer.ts';
import { callerOf } from './caller.ts';
import type { HttpFunction } from './trigger.ts';

const MAX_KEY_LENGTH = 128;

/** POST /batches: a file to be scored, by the queue. */
export const createBatchFunction: HttpFunction = {
  kind: 'http',
  name: 'create-batch',
  route: 'batches',
  methods: ['POST'],
  access: 'function',
  async handler(app, request) {
    const [{ readBatchBody }, { createBatch }, { batchDocument }, { progressOf }] =
      await Promise.all([
        import('./batch-body.ts'),
        import('../shared/usecases/create-batch.ts'),
        import('./batch-document.ts'),
        import('../shared/usecases/batch-progress.ts'),
      ]);
    const idempotencyKey = parseKey(request.headers.get('idempotency-key'));
    const body = await readBatchBody(request, app.config.maxBodyBytes);
    const job = await createBatch(app, {
      ...body,
      who: callerOf(request),
      ...(idempotencyKey !== undefined && { idempotencyKey }),
    });
    const document = batchDocument({ job, progress: await progressOf(app, job) });
    return json(202, document, { location: `/batches/${job.id}` });
  },
};

function parseKey(key: string | null): string | undefined {
  if (key === null) return undefined;
  if (key.length >= 1 && key.length <= MAX_KEY_LENGTH) return key;
  throw new ServingError({
    kind: 'malformed',
    detail: `Idempotency-Key: expected 1 to ${MAX_KEY_LENGTH} characters, got ${key.length}`,
  });
}
