import { parseModelName, parseVersion } from '../shared/ids.ts';
import { requireVersion } from '../shared/usecases/open-version-file.ts';
import { json } from './answer.ts';
import type { HttpFunction } from './trigger.ts';
import { versionDocument } from './version-document.ts';
import { wholeReport } from './whole-report.ts';

/** GET /models/{model}/versions/{version}: all that is known of it. */
export const readVersionFunction: HttpFunction = {
  kind: 'http',
  name: 'read-version',
  route: 'models/{model}/versions/{version}',
  methods: ['GET'],
  access: 'Scorer',
  async handler(app, request) {
    const model = parseModelName(request.params.model ?? '');
    const version = parseVersion(request.params.version ?? '');
    const view = await requireVersion(app, model, version);
    return json(200, versionDocument(view, await wholeReport(app, view)));
  },
};
