import { DROP, type Drop, type DropEnd } from '../drops/drop.ts';
import { rolloutIdOf } from '../drops/drop-place.ts';
import { rolloutByPolicy } from '../drops/policy.ts';
import { type FailureKind, ServingError } from '../errors.ts';
import type { Version } from '../ids.ts';
import type { Card } from '../registry/card.ts';
import { etagOf } from '../registry/etag.ts';
import { findEntry } from '../registry/lookup.ts';
import type { ModelRecord, Verdict } from '../registry/model-record.ts';
import { isActive, type Rollout } from '../rollout/rollout.ts';
import { findRollout, listRollouts } from './read-rollouts.ts';
import { startRollout } from './start-rollout.ts';
import type { RegistryDeps } from './version-lifecycle.ts';

/** For how long a ready version waits for its turn: then it is for people to say. */
const MAX_WAIT_MS = 24 * 3_600_000;
/** Looks at a model that others change at the same time. */
const MAX_LOOKS = 8;
/** More than there are in a day, one at a time. */
const RECENT_ROLLOUTS = 100;
/** The model isn't what was looked at, or never was such that the rollout could start. */
const NOT_STARTED: ReadonlySet<FailureKind> = new Set(['conflict', 'stale', 'notFound']);

/** `traceparent` is of the work that this is part of. */
type DecideDeps = RegistryDeps & { readonly traceparent?: string | undefined };

type End = Omit<DropEnd, 'decidedAt' | 'version'>;
type Found = End | { readonly waits: string };

/**
 * What becomes of a dropped model that is a version: undefined while that is undecided. By its
 * card's policy it may start a rollout, whose id is the drop's, so that it starts once, ever. A
 * rollout by policy only goes forward: never to a version that is older than production.
 */
export async function decideDrop(
  deps: DecideDeps,
  drop: Drop,
  version: Version,
): Promise<Found | undefined> {
  let refusal: string | undefined;
  for (let look = 1; look <= MAX_LOOKS; look++) {
    const record = (await deps.registry.readModel(drop.model))?.value;
    const known = await knownEnd(deps, { drop, version, record });
    if (known === 'undecided') return undefined;
    if (known) return known;
    if (!record) throw new Error(`model ${drop.model} has no record`);
    const verdict = await requireVerdict(deps, drop, version);
    const waits = holderOf(record, version);
    if (waits !== undefined) {
      const waited = deps.clock() - Date.parse(verdict.decidedAt);
      return waited < MAX_WAIT_MS ? { waits } : held(drop, `it waited a day: ${waits}`);
    }
    // Twice, unless the model has changed: what stands in the way is the version itself.
    const before = refusal;
    const started = await tryToStart(deps, { drop, version, record, verdict });
    if ('outcome' in started) return started;
    refusal = started.refusal;
    if (refusal !== undefined && refusal === before) return held(drop, refusal);
  }
  throw new ServingError({
    kind: 'unavailable',
    detail: `model ${drop.model}: it changes all the time; try again`,
    retryAfterSeconds: 2,
  });
}

/** The end of a drop that starts nothing (any more); undefined when it is to start its rollout. */
async function knownEnd(
  deps: RegistryDeps,
  { drop, version, record }: { drop: Drop; version: Version; record: ModelRecord | undefined },
): Promise<Found | 'undecided' | undefined> {
  const { model, incarnation } = drop;
  // Whatever has happened since: it was started, and it says how it ended.
  const rollout = record && (await findRollout(deps.registry, record, rolloutIdOf(drop.id)));
  if (rollout) return rollingOut(rollout);
  if (!record || record.deleted || record.incarnation !== incarnation) {
    return { outcome: 'gone', reasons: [`model ${model} was deleted`] };
  }
  const state = findEntry(record, version)?.state;
  if (state === 'pending' || state === 'validating') return 'undecided';
  if (state !== 'ready' && state !== 'rejected') {
    return { outcome: 'gone', reasons: [`version ${version} of model ${model} was retired`] };
  }
  const { outcome, card } = await requireVerdict(deps, drop, version);
  if (outcome.kind === 'rejected') return { outcome: 'rejected', reasons: outcome.reasons };
  if (record.routing.production === version) {
    return { outcome: 'production', reasons: [`version ${version} is production`] };
  }
  const why = whyByHand(record, version, card);
  if (why !== undefined) {
    const byHand = `POST /models/${model}/rollouts {"version": "${version}"} starts a rollout`;
    return { outcome: 'ready', reasons: [`${why}; ${byHand}`] };
  }
  const other = await rolloutSince(deps, version, drop);
  return other && rollingOut(other);
}

/**
 * A rollout of this version that has been active since it was dropped: it counts for this drop too.
 * Once there is one there always is, so whoever looks when, nobody starts another behind its end.
 */
async function rolloutSince(
  deps: RegistryDeps,
  version: Version,
  { model, takenAt }: Drop,
): Promise<Rollout | undefined> {
  const { rollouts } = await listRollouts(deps, model, { limit: RECENT_ROLLOUTS });
  for (const rollout of rollouts) {
    const { plan, status } = rollout;
    if ('finishedAt' in status && status.finishedAt < takenAt) return undefined;
    if (plan.version === version) return rollout;
  }
  return undefined;
}

/** Why no rollout starts by itself; undefined: one does. */
function whyByHand({ routing }: ModelRecord, version: Version, card: Card): string | undefined {
  if (rolloutByPolicy(card) === undefined) return 'its policy is manual';
  if (routing.production === undefined) return 'the model has no production to be compared with';
  if (routing.production < version) return undefined;
  return `production is version ${routing.production}, which is newer`;
}

/** What must end before a rollout can start; undefined when nothing. */
function holderOf({ rollout, routing }: ModelRecord, version: Version): string | undefined {
  if (isActive(rollout)) {
    return `rollout ${rollout.id} of version ${rollout.plan.version} is ${rollout.status.state}`;
  }
  for (const role of ['candidate', 'shadow'] as const) {
    const other = routing[role]?.version;
    if (other !== undefined && other !== version) return `version ${other} is ${role}`;
  }
  return undefined;
}

async function tryToStart(
  deps: DecideDeps,
  subject: { drop: Drop; version: Version; record: ModelRecord; verdict: Verdict },
): Promise<End | { readonly refusal: string | undefined }> {
  const { drop, version, record, verdict } = subject;
  const holds = verdict.assessment?.holds;
  try {
    const { rollout } = await startRollout(deps, {
      model: drop.model,
      wanted: { version, ...rolloutByPolicy(verdict.card) },
      who: DROP,
      id: rolloutIdOf(drop.id),
      // Decided by what was read of the model: not of any other.
      allows: (etag) => etag === etagOf(record),
      ...(holds !== undefined && { paused: holds }),
      traceparent: deps.traceparent,
    });
    return rollingOut(rollout);
  } catch (error) {
    if (!(error instanceof ServingError) || !NOT_STARTED.has(error.failure.kind)) throw error;
    return { refusal: error.failure.kind === 'conflict' ? error.failure.detail : undefined };
  }
}

function rollingOut({ id, plan, status }: Rollout): End {
  const why = 'why' in status ? `: ${status.why}` : '';
  return {
    outcome: status.state === 'completed' ? 'production' : 'rollingOut',
    reasons: [`rollout ${id} of version ${plan.version} is ${status.state}${why}`],
    rollout: id,
  };
}

function held({ model }: Drop, why: string): End {
  const byHand = `POST /models/${model}/rollouts starts one, a breaking version's with "allowBreaking": true`;
  return { outcome: 'held', reasons: [why, `no rollout was started: ${byHand}`] };
}

async function requireVerdict(
  { registry }: RegistryDeps,
  { model, incarnation }: Drop,
  version: Version,
): Promise<Verdict> {
  const verdict = await registry.readVerdict({ model, incarnation, version });
  if (verdict) return verdict;
  // It stands before the record says so; a replica may be behind.
  throw new ServingError({
    kind: 'unavailable',
    detail: `the verdict on version ${version} of model ${model} can't be read yet; try again`,
    retryAfterSeconds: 1,
  });
}
