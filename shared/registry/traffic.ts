import { ServingError } from '../errors.ts';
import type { AliasName, Version } from '../ids.ts';
import { amend, type Stamp } from './amend.ts';
import { withFormer } from './formerly.ts';
import { findAlias, requireReady, unknownAlias } from './lookup.ts';
import type { ModelRecord, Routing } from './model-record.ts';
import { requireNoRollout } from './rollout-changes.ts';

/** Every event carries the aliases: more of them would make a record too large to store. */
export const MAX_ALIASES = 100;

/**
 * Replaces the routing as a whole; the same again is no change.
 * @throws ServingError `conflict`: a version that isn't there, isn't ready or stands twice, or a
 * percentage out of range, or a rollout that decides what is routed
 */
export function route(
  record: ModelRecord,
  routing: Routing & { readonly production: Version },
  stamp: Stamp,
): ModelRecord {
  const shares = [routing.candidate, routing.shadow].filter((share) => share !== undefined);
  const versions = [routing.production, ...shares.map((share) => share.version)];
  for (const version of versions) requireReady(record, version, 'can take traffic');
  if (new Set(versions).size < versions.length) {
    throw new ServingError({
      kind: 'conflict',
      detail: `routing of model ${record.model}: production, candidate and shadow must be different versions, got ${versions.join(', ')}`,
    });
  }
  for (const { percent } of shares) {
    if (!(percent >= 0 && percent <= 100)) {
      throw new ServingError({
        kind: 'conflict',
        detail: `routing of model ${record.model}: percent must be from 0 to 100, got ${percent}`,
      });
    }
  }
  requireNoRollout(record);
  if (sameRouting(record.routing, routing)) return record;
  return amend(
    record,
    { routing, ...withFormer(record, routing.production) },
    { type: 'routed', why: 'routing was replaced', figures: routingFigures(routing) },
    stamp,
  );
}

/** An event's figures for a routing. */
function routingFigures(routing: Routing): Record<string, number | string> {
  const { production, candidate, shadow } = routing;
  return {
    ...(production !== undefined && { production: String(production) }),
    ...(candidate && {
      candidate: String(candidate.version),
      candidatePercent: candidate.percent,
    }),
    ...(shadow && { shadow: String(shadow.version), shadowPercent: shadow.percent }),
  };
}

function sameRouting(a: Routing, b: Routing): boolean {
  return (
    a.production === b.production &&
    a.candidate?.version === b.candidate?.version &&
    a.candidate?.percent === b.candidate?.percent &&
    a.shadow?.version === b.shadow?.version &&
    a.shadow?.percent === b.shadow?.percent
  );
}

/**
 * Lets an alias name a version, whatever it named before; the same again is no change.
 * @throws ServingError `conflict`: the version isn't there or isn't ready, or there are too many
 */
export function name(
  record: ModelRecord,
  { alias, version }: { alias: AliasName; version: Version },
  stamp: Stamp,
): ModelRecord {
  requireReady(record, version, 'can be named');
  const before = findAlias(record, alias);
  if (before === version) return record;
  const count = Object.keys(record.aliases).length;
  if (before === undefined && count >= MAX_ALIASES) {
    throw new ServingError({
      kind: 'conflict',
      detail: `model ${record.model} has ${count} aliases, the most a model can have; delete one first`,
    });
  }
  return amend(
    record,
    { aliases: { ...record.aliases, [alias]: version } },
    {
      type: 'aliased',
      why: before === undefined ? 'a new alias' : `named version ${before} before`,
      figures: { alias, version: String(version) },
    },
    stamp,
  );
}

/** Removes an alias. @throws ServingError `notFound` */
export function unname(record: ModelRecord, alias: AliasName, stamp: Stamp): ModelRecord {
  const version = findAlias(record, alias);
  if (version === undefined) throw unknownAlias(record, alias);
  const aliases = Object.fromEntries(
    Object.entries(record.aliases).filter(([name]) => name !== alias),
  ) as ModelRecord['aliases'];
  return amend(
    record,
    { aliases },
    { type: 'unaliased', why: 'deleted', figures: { alias, version: String(version) } },
    stamp,
  );
}
