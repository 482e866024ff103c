import { ServingError } from '../shared/errors.ts';
import {
  type AliasName,
  parseModelName,
  parseVersionOrAlias,
  type Version,
} from '../shared/ids.ts';
import type { ArmFigures, ShadowFigures } from '../shared/rollout/figures.ts';
import type { LiveComparison } from '../shared/usecases/compare-versions.ts';
import type { VersionView } from '../shared/usecases/version-lifecycle.ts';
import { json } from './answer.ts';
import type { HttpFunction, Request } from './trigger.ts';
import { wholeReport } from './whole-report.ts';

/** GET /models/{model}/compare?a=&b=: two versions' reports, and how they did beside each other. */
export const compareVersionsFunction: HttpFunction = {
  kind: 'http',
  name: 'compare-versions',
  route: 'models/{model}/compare',
  methods: ['GET'],
  access: 'Scorer',
  async handler(app, request) {
    const model = parseModelName(request.params.model ?? '');
    const wanted = { a: queryVersion(request, 'a'), b: queryVersion(request, 'b') };
    const { compareVersions } = await import('../shared/usecases/compare-versions.ts');
    const { a, b, live } = await compareVersions(app, model, wanted);
    const versionDocument = async (view: VersionView) => ({
      version: String(view.entry.version),
      state: view.entry.state,
      report: await wholeReport(app, view),
      // Of this instance alone, as GET /v2/models/{model}/versions/{version}/stats tells them.
      statistics: app.statistics.of(model, view.entry.version),
    });
    return json(200, {
      model,
      a: await versionDocument(a),
      b: await versionDocument(b),
      ...(live && { live: liveDocument(live) }),
    });
  },
};

/** @throws ServingError `malformed` */
function queryVersion(request: Request, name: 'a' | 'b'): Version | AliasName {
  const text = request.query.get(name);
  if (text) return parseVersionOrAlias(text);
  throw new ServingError({
    kind: 'malformed',
    detail: `${name}: expected a version or an alias in the query, as in ?a=1&b=2, got none`,
  });
}

function liveDocument({ production, candidate, rollout, updatedAt, figures }: LiveComparison) {
  return {
    ...(rollout && {
      rollout: rollout.id,
      state: rollout.status.state,
      stage: rollout.stage,
      since: rollout.createdAt,
      ...(rollout.judgement && { verdict: rollout.judgement }),
    }),
    ...(updatedAt !== undefined && { updatedAt: new Date(updatedAt).toISOString() }),
    production: { version: String(production), ...armDocument(figures.production) },
    candidate: { version: String(candidate), ...armDocument(figures.candidate) },
    ...(isShadowed(figures.shadow) && { shadow: figures.shadow }),
  };
}

/** Times in ms, of the run alone. */
function armDocument({ p50, p95, p99, ...arm }: ArmFigures) {
  const { requests, errors, errorRate, timed, slow, answers } = arm;
  return { requests, errors, errorRate, timed, slow, p50Ms: p50, p95Ms: p95, p99Ms: p99, answers };
}

function isShadowed({ compared, dropped }: ShadowFigures): boolean {
  return compared + dropped > 0;
}
