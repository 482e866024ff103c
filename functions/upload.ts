import { requestUpload } from '../shared/usecases/request-upload.ts';
import { json } from './answer.ts';
import { readJson } from './body.ts';
import type { HttpFunction } from './trigger.ts';

const MAX_BYTES = 10_000;

/** POST /uploads: a place in storage for a file that is too large for a request. */
export const uploadFunction: HttpFunction = {
  kind: 'http',
  name: 'upload',
  route: 'uploads',
  methods: ['POST'],
  access: 'Scorer',
  async handler(app, request) {
    const { uploadBody: schema } = await import('./request-schemas.ts');
    const asked = await readJson(request, { schema, what: 'upload', maxBytes: MAX_BYTES });
    const { blob, url, expiresAt } = await requestUpload(app, asked);
    return json(201, { blob, url, expiresAt: new Date(expiresAt).toISOString() });
  },
};
