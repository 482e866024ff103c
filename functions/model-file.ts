import { parseModelName, parseVersion } from '../shared/ids.ts';
import { openVersionFile, requireVersion } from '../shared/usecases/open-version-file.ts';
import { rangedAnswer } from './ranged-answer.ts';
import type { HttpFunction } from './trigger.ts';

/** GET /models/{model}/versions/{version}/model: the ONNX bytes, whole or a range. */
export const modelFileFunction: HttpFunction = {
  kind: 'http',
  name: 'model-file',
  route: 'models/{model}/versions/{version}/model',
  methods: ['GET'],
  access: 'Scorer',
  async handler(app, request) {
    const model = parseModelName(request.params.model ?? '');
    const version = parseVersion(request.params.version ?? '');
    const { submission } = await requireVersion(app, model, version);
    return await rangedAnswer(request, {
      etag: `"${submission.digest}"`,
      bytes: submission.bytes,
      headers: {
        'content-type': 'application/octet-stream',
        'content-disposition': `attachment; filename="${model}-${version}.onnx"`,
      },
      async open(start, end) {
        const file = await openVersionFile(app, submission);
        try {
          return await file.stream(start, end);
        } finally {
          file.release();
        }
      },
    });
  },
};
