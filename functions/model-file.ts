import { parseModelName, parseVersion, quoted } from '../shared/ids.ts';
import { openVersionFile, requireVersion } from '../shared/usecases/open-version-file.ts';
import { byteRange } from './byte-range.ts';
import { ifNoneMatchHas } from './etag.ts';
import { problemAnswer } from './problem.ts';
import type { HttpFunction } from './trigger.ts';

/** GET /models/{model}/versions/{version}/model: the ONNX bytes, whole or a range. */
export const modelFileFunction: HttpFunction = {
  kind: 'http',
  name: 'model-file',
  route: 'models/{model}/versions/{version}/model',
  methods: ['GET'],
  access: 'function',
  async handler(app, request) {
    const model = parseModelName(request.params.model ?? '');
    const version = parseVersion(request.params.version ?? '');
    const { submission } = await requireVersion(app, model, version);
    const { bytes, digest } = submission;
    const etag = `"${digest}"`;
    const headers = { etag, 'accept-ranges': 'bytes' };
    if (ifNoneMatchHas(request.headers.get('if-none-match'), etag)) {
      return { status: 304, headers };
    }
    // If-Range: the part only if it is of what the caller has begun to read.
    const ifRange = request.headers.get('if-range')?.trim() ?? etag;
    const range = byteRange(ifRange === etag ? request.headers.get('range') : null, bytes);
    if (range.kind === 'unsatisfiable') {
      const problem = problemAnswer(request, {
        kind: 'rangeNotSatisfiable',
        detail: `Range: expected a part of the ${bytes} bytes, got ${quoted(request.headers.get('range') ?? '')}`,
      });
      const contentRange = { 'content-range': `bytes */${bytes}` };
      return { ...problem, headers: { ...problem.headers, ...contentRange } };
    }
    const { start, end } = range.kind === 'part' ? range : { start: 0, end: bytes };
    const file = await openVersionFile(app, submission);
    try {
      return {
        status: range.kind === 'part' ? 206 : 200,
        headers: {
          ...headers,
          'content-type': 'application/octet-stream',
          'content-length': String(end - start),
          'content-disposition': `attachment; filename="${model}-${version}.onnx"`,
          ...(range.kind === 'part' && { 'content-range': `bytes ${start}-${end - 1}/${bytes}` }),
        },
        body: await file.stream(start, end),
      };
    } finally {
      file.release();
    }
  },
};
