import { parseBatchId } from '../shared/batch/batch-id.ts';
import { CONTENT_TYPES } from '../shared/batch/job.ts';
import type { BatchResult } from '../shared/ports/batches.ts';
import { rangedAnswer } from './ranged-answer.ts';
import type { HttpFunction } from './trigger.ts';

/** GET /batches/{id}/output: the rows that were scored, in the input's order. */
export const batchOutputFunction = resultFunction('output');

/** GET /batches/{id}/errors: the rows that were not, with line numbers and reasons. */
export const batchErrorsFunction = resultFunction('errors');

function resultFunction(result: BatchResult): HttpFunction {
  return {
    kind: 'http',
    name: `batch-${result}`,
    route: `batches/{id}/${result}`,
    methods: ['GET'],
    access: 'Scorer',
    async handler(app, request) {
      const { findResult } = await import('../shared/usecases/batch-result.ts');
      const id = parseBatchId(request.params.id ?? '');
      const { source, job } = await findResult(app, id, result);
      const { format } = job.request;
      return await rangedAnswer(request, {
        etag: source.etag,
        bytes: source.bytes,
        headers: {
          'content-type': CONTENT_TYPES[format],
          'content-disposition': `attachment; filename="${id}-${result}.${format}"`,
        },
        open: (start, end) =>
          Promise.resolve(ReadableStream.from(app.batchFiles.read(source, start, end))),
      });
    },
  };
}
