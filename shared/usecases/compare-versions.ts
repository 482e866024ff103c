import { ServingError } from '../errors.ts';
import type { AliasName, ModelName, Version } from '../ids.ts';
import type { CounterStore } from '../ports/counters.ts';
import type { RegistryStore } from '../ports/registry.ts';
import { findAlias, requireEntry, requireModel, unknownAlias } from '../registry/lookup.ts';
import type { ModelRecord } from '../registry/model-record.ts';
import { figuresOf, type LiveFigures } from '../rollout/figures.ts';
import { liveTestOf } from '../rollout/live-test.ts';
import { isActive, type Rollout } from '../rollout/rollout.ts';
import { type VersionView, viewOf } from './version-lifecycle.ts';

/** Rollouts that are looked through for the last one of two versions. */
const MAX_ROLLOUTS = 100;

export interface CompareDeps {
  readonly registry: RegistryStore;
  readonly counters: CounterStore;
}

/** What was counted when two versions were live beside each other last. */
export interface LiveComparison {
  readonly production: Version;
  readonly candidate: Version;
  /** Absent: they were routed by hand. */
  readonly rollout?: Pick<Rollout, 'id' | 'createdAt' | 'stage' | 'status' | 'judgement'>;
  /** When an instance wrote last, ms since the epoch; undefined: none has, or counters have expired. */
  readonly updatedAt: number | undefined;
  /** Of all its stages. */
  readonly figures: LiveFigures;
}

export interface ComparedVersions {
  readonly a: VersionView;
  readonly b: VersionView;
  /** Absent: they never were. */
  readonly live?: LiveComparison;
}

/**
 * All that is known of two versions of a model, and of both beside each other.
 * @throws ServingError `notFound`, `malformed` (the same version twice)
 */
export async function compareVersions(
  deps: CompareDeps,
  model: ModelName,
  wanted: { readonly a: Version | AliasName; readonly b: Version | AliasName },
): Promise<ComparedVersions> {
  const record = requireModel((await deps.registry.readModel(model))?.value, model);
  const [a, b] = [versionOf(record, wanted.a), versionOf(record, wanted.b)];
  if (a === b) {
    throw new ServingError({
      kind: 'malformed',
      detail: `a, b: expected two versions of model ${model}, got version ${a} twice`,
    });
  }
  const [viewA, viewB, live] = await Promise.all([
    viewOf(deps, record, requireEntry(record, a)),
    viewOf(deps, record, requireEntry(record, b)),
    liveOf(deps, record, [a, b]),
  ]);
  return { a: viewA, b: viewB, ...(live && { live }) };
}

function versionOf(record: ModelRecord, wanted: Version | AliasName): Version {
  if (typeof wanted === 'number') return requireEntry(record, wanted).version;
  const version = findAlias(record, wanted);
  if (version === undefined) throw unknownAlias(record, wanted);
  return version;
}

async function liveOf(
  deps: CompareDeps,
  record: ModelRecord,
  pair: readonly [Version, Version],
): Promise<LiveComparison | undefined> {
  const isPair = (one: Version, other: Version) => pair.includes(one) && pair.includes(other);
  const live = isActive(record.rollout) ? undefined : liveTestOf(record);
  const byHand = [live, live?.beside].find(
    (test) => test && isPair(test.production, test.candidate),
  );
  if (byHand) {
    const { production, candidate, key } = byHand;
    return { production, candidate, ...(await counted(deps, key, 0)) };
  }
  const rollout = await lastRollout(deps, record, ({ plan }) => isPair(plan.from, plan.version));
  if (!rollout) return undefined;
  const { id, createdAt, stage, status, plan, judgement } = rollout;
  return {
    production: plan.from,
    candidate: plan.version,
    rollout: { id, createdAt, stage, status, ...(judgement && { judgement }) },
    ...(await counted(deps, id, stage.number)),
  };
}

/** The latest that `fits`: the record's own, else one of those before it. */
async function lastRollout(
  { registry }: CompareDeps,
  { model, rollout }: ModelRecord,
  fits: (rollout: Rollout) => boolean,
): Promise<Rollout | undefined> {
  if (rollout && fits(rollout)) return rollout;
  const earlier = await registry.listRollouts(model, { limit: MAX_ROLLOUTS });
  return earlier.find(fits);
}

/** What all instances counted under a key, over its stages up to `last`. */
async function counted(
  { counters }: CompareDeps,
  key: string,
  last: number,
): Promise<Pick<LiveComparison, 'figures' | 'updatedAt'>> {
  const stages = Array.from({ length: last + 1 }, (_, stage) => counters.list(key, stage));
  const counts = (await Promise.all(stages)).flat();
  const times = counts.map(({ updatedAt }) => updatedAt);
  return {
    updatedAt: times.length === 0 ? undefined : times.reduce((a, b) => Math.max(a, b)),
    figures: figuresOf(counts),
  };
}
