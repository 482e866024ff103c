import type { App } from '../shared/compose.ts';
import { parseModelName, parseVersionOrAlias } from '../shared/ids.ts';
import { resolveVersion } from '../shared/registry/routing.ts';
import { json } from './answer.ts';
import type { Answer, HttpFunction, Request } from './trigger.ts';

// Triton's statistics, in nanoseconds, of this instance since it started.

export const allStatisticsFunction: HttpFunction = {
  kind: 'http',
  name: 'all-statistics',
  route: 'v2/models/stats',
  methods: ['GET'],
  access: 'Scorer',
  handler: (app) => Promise.resolve(json(200, { model_stats: app.statistics.all() })),
};

export const modelStatisticsFunction: HttpFunction = {
  kind: 'http',
  name: 'model-statistics',
  route: 'v2/models/{model}/stats',
  methods: ['GET'],
  access: 'Scorer',
  handler: tell,
};

export const versionStatisticsFunction: HttpFunction = {
  kind: 'http',
  name: 'version-statistics',
  route: 'v2/models/{model}/versions/{version}/stats',
  methods: ['GET'],
  access: 'Scorer',
  handler: tell,
};

async function tell(app: App, request: Request): Promise<Answer> {
  const model = parseModelName(request.params['model'] ?? '');
  const { version } = request.params;
  const record = await app.models.record(model);
  const versions =
    version === undefined
      ? record.versions.filter(({ state }) => state === 'ready').map((entry) => entry.version)
      : [resolveVersion(record, parseVersionOrAlias(version), 0).version];
  return json(200, { model_stats: versions.map((each) => app.statistics.of(model, each)) });
}
