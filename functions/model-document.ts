import { etagOf, type Precondition } from '../shared/registry/etag.ts';
import type { ModelRecord, Routing, Share } from '../shared/registry/model-record.ts';
import { isActive, takenPercent } from '../shared/rollout/rollout.ts';
import { json } from './answer.ts';
import { ifMatchHolds } from './etag.ts';
import type { Answer, Request } from './trigger.ts';

/** A model as GET answers it, and every request that changes its routing, aliases or rollouts. */
export function modelDocument({ model, routing, aliases, versions, rollout }: ModelRecord) {
  return {
    name: model,
    routing: routingDocument(routing),
    aliases: aliasesDocument(aliases),
    ...(isActive(rollout) && {
      rollout: { id: rollout.id, state: rollout.status.state, percent: takenPercent(rollout) },
    }),
    versions: versions
      .map(({ version, state, createdAt }) => ({ version: String(version), state, createdAt }))
      .reverse(),
  };
}

export function routingDocument({ production, candidate, shadow }: Routing) {
  const share = ({ version, percent }: Share) => ({ version: String(version), percent });
  return {
    ...(production !== undefined && { production: String(production) }),
    ...(candidate && { candidate: share(candidate) }),
    ...(shadow && { shadow: share(shadow) }),
  };
}

export function aliasesDocument(aliases: ModelRecord['aliases']): Record<string, string> {
  return Object.fromEntries(
    Object.entries(aliases).map(([alias, version]) => [alias, String(version)]),
  );
}

export function modelAnswer(record: ModelRecord): Answer {
  return json(200, modelDocument(record), { etag: etagOf(record) });
}

/** What the request's If-Match allows. @throws ServingError `malformed`, at once */
export function preconditionOf(request: Pick<Request, 'headers'>): Precondition {
  const header = request.headers.get('if-match');
  ifMatchHolds(header, undefined);
  return (etag) => ifMatchHolds(header, etag);
}
