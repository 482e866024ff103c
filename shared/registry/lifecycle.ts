import { ServingError } from '../errors.ts';
import type { ModelName, Version } from '../ids.ts';
import { isActive } from '../rollout/rollout.ts';
import { amend, further, type Happening, type Stamp } from './amend.ts';
import { owePurge } from './deletion.ts';
import { findEntry } from './lookup.ts';
import type { ModelRecord, Submission, Verdict, VersionEntry } from './model-record.ts';

/** The record has room for no more (a Cosmos document is 2 MB at most). */
export const MAX_VERSIONS = 5_000;

/**
 * A version for what was submitted: the one that has the same fingerprint and isn't retired, else a
 * new one, `pending`. No entry: the model was deleted since the submission was made, and what was
 * stored for it is owed removal too. `record` is the very one that came when nothing changed.
 * @throws ServingError `conflict`: the model is full
 */
export function allocate(
  record: ModelRecord | undefined,
  submission: Submission,
  stamp: Stamp & { readonly figures?: Happening['figures'] },
): { record: ModelRecord | undefined; entry?: VersionEntry; created: boolean } {
  const { model, incarnation, fingerprint, digest } = submission;
  const current = record ?? firstLife(model);
  if (current.incarnation !== incarnation) {
    return { record: record && owePurge(record, incarnation), created: false };
  }
  const same = current.versions.find(
    (entry) => entry.fingerprint === fingerprint && entry.state !== 'retired',
  );
  if (same) return { record: current, entry: same, created: false };
  if (current.versions.length >= MAX_VERSIONS) {
    throw new ServingError({
      kind: 'conflict',
      detail: `model ${model} has ${MAX_VERSIONS} versions, the most a model can have; register under another name`,
    });
  }
  const alive = revived(current);
  const entry: VersionEntry = {
    version: current.nextVersion as Version,
    fingerprint,
    createdAt: new Date(stamp.now).toISOString(),
    state: 'pending',
  };
  const why = current.deleted ? 'registered again after the model was deleted' : 'registered';
  const figures = { version: String(entry.version), digest, ...stamp.figures };
  return {
    record: amend(
      alive,
      { versions: [...alive.versions, entry], nextVersion: current.nextVersion + 1 },
      { type: 'registered', why, figures },
      stamp,
    ),
    entry,
    created: true,
  };
}

/** A tombstone without what belongs to the life before; any other record as it is. */
function revived(record: ModelRecord): ModelRecord {
  if (!record.deleted) return record;
  const { deleted, rollout, ...alive } = record;
  return alive;
}

function firstLife(model: ModelName): ModelRecord {
  return {
    model,
    incarnation: 1,
    purges: [],
    generation: 0,
    nextVersion: 1,
    nextEvent: 1,
    routing: {},
    aliases: {},
    versions: [],
    events: [],
  };
}

/** An undecided version that somebody begins to examine; any other is left as it is. */
export function begin(record: ModelRecord, version: Version): ModelRecord {
  return findEntry(record, version)?.state === 'pending'
    ? {
        ...record,
        versions: withEntry(record, version, (entry) => ({ ...bare(entry), state: 'validating' })),
      }
    : record;
}

/**
 * The verdict takes effect: `ready` or `rejected`. A model without production gives it to its first
 * ready version in the same step, so that there is no moment in which it can't be served. A version
 * that is decided already, or retired, stays what it is.
 */
export function decide(record: ModelRecord, verdict: Verdict, stamp: Stamp): ModelRecord {
  const { version, outcome } = verdict;
  const state = findEntry(record, version)?.state;
  if (state !== 'pending' && state !== 'validating') return record;
  const versions = withEntry(record, version, (entry) => ({
    ...bare(entry),
    state: outcome.kind,
  }));
  const figures = { version: String(version) };
  if (outcome.kind === 'rejected') {
    const why = outcome.reasons.join('; ') || 'rejected';
    return amend(record, { versions }, { type: 'rejected', why, figures }, stamp);
  }
  const ready = amend(record, { versions }, { type: 'ready', why: 'examined', figures }, stamp);
  if (ready.routing.production !== undefined) return ready;
  return further(
    ready,
    { routing: { ...ready.routing, production: version } },
    { type: 'routed', why: 'the first ready version', figures: { production: String(version) } },
    stamp,
  );
}

/**
 * Takes a version out of service for good; again is no change.
 * @throws ServingError `conflict` while it is routed, named or in a rollout
 */
export function retire(record: ModelRecord, version: Version, stamp: Stamp): ModelRecord {
  const entry = findEntry(record, version);
  if (!entry || entry.state === 'retired') return record;
  const uses = usesOf(record, version);
  if (uses.length > 0) {
    throw new ServingError({
      kind: 'conflict',
      detail: `version ${version} of model ${record.model} can't be retired: it is ${uses.join(', ')}. Route or name another version first`,
    });
  }
  const retiredAt = new Date(stamp.now).toISOString();
  return amend(
    record,
    {
      versions: withEntry(record, version, (before) => ({
        ...bare(before),
        state: 'retired',
        retiredAt,
      })),
    },
    { type: 'retired', why: `retired while ${entry.state}`, figures: { version: String(version) } },
    stamp,
  );
}

function usesOf({ routing, aliases, rollout }: ModelRecord, version: Version): string[] {
  return [
    ...(routing.production === version ? ['production'] : []),
    ...(routing.candidate?.version === version ? ['candidate'] : []),
    ...(routing.shadow?.version === version ? ['shadow'] : []),
    ...Object.entries(aliases)
      .filter(([, named]) => named === version)
      .map(([alias]) => `aliased as ${alias}`),
    ...(isActive(rollout) && [rollout.plan.version, rollout.plan.from].includes(version)
      ? [`in rollout ${rollout.id}`]
      : []),
  ];
}

/** What every state has in common. */
function bare({ version, fingerprint, createdAt }: VersionEntry) {
  return { version, fingerprint, createdAt };
}

function withEntry(
  record: ModelRecord,
  version: Version,
  change: (entry: VersionEntry) => VersionEntry,
): VersionEntry[] {
  return record.versions.map((entry) => (entry.version === version ? change(entry) : entry));
}
