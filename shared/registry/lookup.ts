import { ServingError } from '../errors.ts';
import type { AliasName, ModelName, Version } from '../ids.ts';
import type { ModelRecord, VersionEntry } from './model-record.ts';

/** The failure for a model nobody registered; its beginning is part of the protocol. */
export function unknownModel(model: ModelName): ServingError {
  return new ServingError({
    kind: 'notFound',
    detail: `Request for unknown model: '${model}' is not registered; register it with POST /models/${model}/versions`,
  });
}

/** The record, if its model is there and not deleted. @throws ServingError `notFound` */
export function requireModel(record: ModelRecord | undefined, model: ModelName): ModelRecord {
  if (!record || record.deleted) throw unknownModel(model);
  return record;
}

/** A version's entry. */
export function findEntry(record: ModelRecord, version: Version): VersionEntry | undefined {
  const { versions } = record;
  let low = 0;
  let high = versions.length - 1;
  while (low <= high) {
    const middle = (low + high) >>> 1;
    const entry = versions[middle];
    if (!entry || entry.version === version) return entry;
    if (entry.version < version) low = middle + 1;
    else high = middle - 1;
  }
  return undefined;
}

/** A version's entry. @throws ServingError `notFound` */
export function requireEntry(record: ModelRecord, version: Version): VersionEntry {
  const entry = findEntry(record, version);
  if (entry) return entry;
  const newest = record.versions.at(-1)?.version;
  throw new ServingError({
    kind: 'notFound',
    detail: `version ${version} of model ${record.model} is unknown; ${
      newest === undefined ? 'the model has none' : `the newest is ${newest}`
    }`,
  });
}

/** The version an alias names. An alias may be called `constructor`: only own members count. */
export function findAlias(record: ModelRecord, alias: AliasName): Version | undefined {
  return Object.hasOwn(record.aliases, alias) ? record.aliases[alias] : undefined;
}

/** The failure for an alias that names nothing. */
export function unknownAlias(record: ModelRecord, alias: AliasName): ServingError {
  return new ServingError({
    kind: 'notFound',
    detail: `model ${record.model} has no alias ${alias}; PUT /models/${record.model}/aliases/${alias} makes it`,
  });
}

/** @throws ServingError `conflict` unless the version is `ready`; `what` says what for */
export function requireReady(record: ModelRecord, version: Version, what: string): void {
  const state = findEntry(record, version)?.state;
  if (state === 'ready') return;
  throw new ServingError({
    kind: 'conflict',
    detail: `version ${version} of model ${record.model} is ${state ?? 'unknown'}; only a ready version ${what}`,
  });
}
