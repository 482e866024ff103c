import { ServingError } from '../errors.ts';
import type { AliasName, Version } from '../ids.ts';
import { findAlias, requireEntry, unknownAlias } from './lookup.ts';
import type { ModelRecord, Routing } from './model-record.ts';

/** The version that answers a request, and how it came to it. */
export interface Choice {
  readonly version: Version;
  readonly route: 'production' | 'candidate' | 'alias' | 'pinned';
}

/** How long a client does well to wait for a validation, in seconds. */
const VALIDATION_SECONDS = 2;

/**
 * Which version takes a request whose key falls on `point`, from [0, 1). The candidate takes the
 * lowest points, so a growing percentage only ever adds keys to it. Undefined: nothing is routed.
 */
export function chooseVersion(
  routing: Routing,
  point: number,
): { version: Version; route: 'production' | 'candidate' } | undefined {
  const { production, candidate } = routing;
  if (candidate && point * 100 < candidate.percent) {
    return { version: candidate.version, route: 'candidate' };
  }
  return production === undefined ? undefined : { version: production, route: 'production' };
}

/**
 * Where a routing key falls in [0, 1): the same key and salt always at the same point, different
 * salts independently. FNV-1a over UTF-16 code units, then MurmurHash3's finalizer, because FNV's
 * upper bits hardly depend on the last characters.
 */
export function routingPoint(key: string, salt: string): number {
  let hash = 0x811c9dc5;
  for (const text of [salt, '\0', key]) {
    for (let i = 0; i < text.length; i++) {
      hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
    }
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32;
}

/**
 * The version for a path's version or alias, or without one for a key that falls on `point`.
 * @throws ServingError `notFound`, `notReady` (it may become servable), `rejected`
 */
export function resolveVersion(
  record: ModelRecord,
  wanted: Version | AliasName | undefined,
  point: number,
): Choice {
  if (wanted === undefined) return chooseVersion(record.routing, point) ?? noProduction(record);
  if (typeof wanted === 'number') {
    return { version: requireServable(record, wanted), route: 'pinned' };
  }
  const version = findAlias(record, wanted);
  if (version === undefined) throw unknownAlias(record, wanted);
  return { version: requireServable(record, version), route: 'alias' };
}

function requireServable(record: ModelRecord, version: Version): Version {
  const { state } = requireEntry(record, version);
  const which = `version ${version} of model ${record.model}`;
  switch (state) {
    case 'ready':
      return version;
    case 'pending':
    case 'validating':
      throw new ServingError({
        kind: 'notReady',
        detail: `${which} is being validated; try again soon`,
        retryAfterSeconds: VALIDATION_SECONDS,
      });
    case 'rejected':
      throw new ServingError({
        kind: 'rejected',
        detail: `${which} was rejected; GET /models/${record.model}/versions/${version} says why`,
      });
    case 'retired':
      throw new ServingError({
        kind: 'notFound',
        detail: `${which} is retired; use another version or an alias`,
      });
  }
}

function noProduction({ model, versions }: ModelRecord): never {
  if (versions.some(({ state }) => state === 'pending' || state === 'validating')) {
    throw new ServingError({
      kind: 'notReady',
      detail: `model ${model} is being validated; try again soon`,
      retryAfterSeconds: VALIDATION_SECONDS,
    });
  }
  throw new ServingError({
    kind: 'notFound',
    detail: `model ${model} has no version that takes traffic; register one that can be served`,
  });
}
