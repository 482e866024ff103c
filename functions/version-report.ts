import { ServingError } from '../shared/errors.ts';
import { parseModelName, parseVersion } from '../shared/ids.ts';
import { requireVersion } from '../shared/usecases/open-version-file.ts';
import { prefersHtml } from './accept.ts';
import { json } from './answer.ts';
import type { HttpFunction } from './trigger.ts';
import { wholeReport } from './whole-report.ts';

const RETRY_AFTER_SECONDS = 2;

/** GET /models/{model}/versions/{version}/report: what the examination found. */
export const versionReportFunction: HttpFunction = {
  kind: 'http',
  name: 'version-report',
  route: 'models/{model}/versions/{version}/report',
  methods: ['GET'],
  access: 'Scorer',
  async handler(app, request) {
    const model = parseModelName(request.params.model ?? '');
    const version = parseVersion(request.params.version ?? '');
    const view = await requireVersion(app, model, version);
    const report = await wholeReport(app, view);
    if (!report) {
      throw new ServingError({
        kind: 'notReady',
        detail: `model ${model} version ${version} is ${view.entry.state}: its report is there once it is decided`,
        retryAfterSeconds: RETRY_AFTER_SECONDS,
      });
    }
    const vary = { vary: 'accept' };
    if (!prefersHtml(request.headers.get('accept'))) return json(200, report, vary);
    const { reportPage } = await import('./report-page.ts');
    return {
      status: 200,
      headers: {
        ...vary,
        'content-type': 'text/html; charset=utf-8',
        'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'",
        'x-content-type-options': 'nosniff',
      },
      body: reportPage(report),
    };
  },
};
