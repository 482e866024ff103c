import { ServingError } from '../errors.ts';
import type { ModelName, Version } from '../ids.ts';
import type { RegistrationMessage } from '../ports/messages.ts';
import type { RegistryStore } from '../ports/registry.ts';
import type { Happening } from '../registry/amend.ts';
import { allocate, begin, decide } from '../registry/lifecycle.ts';
import { findEntry } from '../registry/lookup.ts';
import type { ModelRecord, Submission, Verdict, VersionEntry } from '../registry/model-record.ts';
import { changeModel, type RegistryDeps } from './change-model.ts';

export type { RegistryDeps } from './change-model.ts';

export interface Registered {
  readonly entry: VersionEntry;
  /** False: the same model, card and evaluation stood already, as this version. */
  readonly created: boolean;
}

/** A version with all that is known of it. */
export interface VersionView {
  readonly model: ModelName;
  readonly entry: VersionEntry;
  readonly submission: Submission;
  /** There once the version is decided. */
  readonly verdict?: Verdict;
}

/** The life that artifacts of a new version belong to; 1 for a name that was never used. */
export async function currentIncarnation(deps: RegistryDeps, model: ModelName): Promise<number> {
  const stored = await deps.registry.readModel(model);
  return stored?.value.incarnation ?? 1;
}

/**
 * Records what was submitted, then gives it a version, or recognises the one it has. The model's
 * artifacts must stand already. `figures` are told with its event.
 * @throws ServingError `conflict`: the model was deleted since `submission.incarnation` was asked
 * for, or has as many versions as it can
 */
export async function allocateVersion(
  deps: RegistryDeps,
  submission: Submission,
  who: string,
  figures: Happening['figures'] = {},
): Promise<Registered> {
  const { model } = submission;
  await deps.registry.createSubmission(submission);
  const { entry, created } = await changeModel(deps, model, (record, now) =>
    allocate(record, submission, { now, who, figures }),
  );
  if (entry) return { entry, created };
  throw new ServingError({
    kind: 'conflict',
    detail: `model ${model} was deleted while this version was being registered; register it again`,
  });
}

/**
 * What the receiver of a registration message has to do: `validate` it (also when it is delivered
 * again while `validating`), or nothing, because the version is `decided` or its model `gone`.
 */
export async function beginValidation(
  deps: RegistryDeps,
  message: RegistrationMessage,
): Promise<'validate' | 'decided' | 'gone'> {
  const { record } = await changeModel(deps, message.model, (before) => ({
    record: before && isOfLife(before, message) ? begin(before, message.version) : before,
  }));
  if (!record || !isOfLife(record, message)) return 'gone';
  const state = findEntry(record, message.version)?.state;
  if (state === undefined) return 'gone';
  return state === 'validating' ? 'validate' : 'decided';
}

/**
 * Writes the verdict, then lets it take effect; the first verdict of a version is the one that
 * counts, so whoever comes later helps it through. Answers the version as it then stands, undefined
 * when it is gone.
 */
export async function decideVersion(
  deps: RegistryDeps,
  verdict: Verdict,
  who: string,
): Promise<VersionEntry | undefined> {
  const stored = await deps.registry.readModel(verdict.model);
  if (!stored || !isOfLife(stored.value, verdict)) return undefined;
  const entry = findEntry(stored.value, verdict.version);
  if (entry?.state !== 'pending' && entry?.state !== 'validating') return entry;

  const counts = await firstVerdict(deps, verdict);
  const { record } = await changeModel(deps, verdict.model, (before, now) => ({
    record: before && isOfLife(before, counts) ? decide(before, counts, { now, who }) : before,
  }));
  return record && isOfLife(record, verdict) ? findEntry(record, verdict.version) : undefined;
}

/** Writes the verdict unless one stands; the one that then stands. */
async function firstVerdict({ registry }: RegistryDeps, verdict: Verdict): Promise<Verdict> {
  const written = await createVerdict(registry, verdict);
  const first = written ?? (await registry.readVerdict(verdict));
  if (first) return first;
  throw new ServingError({
    kind: 'unavailable',
    detail: `the verdict on version ${verdict.version} of model ${verdict.model} can't be read yet; try again`,
    retryAfterSeconds: 1,
  });
}

async function createVerdict(
  registry: RegistryStore,
  verdict: Verdict,
): Promise<Verdict | undefined> {
  try {
    return (await registry.createVerdict(verdict)) ? verdict : undefined;
  } catch (error) {
    if (!(error instanceof ServingError) || error.failure.kind !== 'conflict') throw error;
    // Thousands of inputs or operators can make a description that no document holds. Left
    // undecided, the version would be examined again for ever.
    const reasons = [`the description of the model can't be stored: ${error.message}`];
    const rejected: Verdict = { ...verdict, outcome: { kind: 'rejected', reasons } };
    return (await registry.createVerdict(rejected)) ? rejected : undefined;
  }
}

/** A version with its submission and, once decided, its verdict; undefined when there is none. */
export async function readVersion(
  deps: Pick<RegistryDeps, 'registry'>,
  model: ModelName,
  version: Version,
): Promise<VersionView | undefined> {
  const stored = await deps.registry.readModel(model);
  const entry = stored && findEntry(stored.value, version);
  return entry && viewOf(deps, stored.value, entry);
}

/** All that is known of a version whose record was read. */
export async function viewOf(
  { registry }: Pick<RegistryDeps, 'registry'>,
  { model, incarnation }: ModelRecord,
  entry: VersionEntry,
): Promise<VersionView> {
  const decided = entry.state !== 'pending' && entry.state !== 'validating';
  const [submission, verdict] = await Promise.all([
    registry.readSubmission({ model, incarnation, fingerprint: entry.fingerprint }),
    decided ? registry.readVerdict({ model, incarnation, version: entry.version }) : undefined,
  ]);
  if (!submission) {
    throw new Error(`version ${entry.version} of model ${model} stands without its submission`);
  }
  return { model, entry, submission, ...(verdict && { verdict }) };
}

function isOfLife(record: ModelRecord, { incarnation }: { incarnation: number }): boolean {
  return !record.deleted && record.incarnation === incarnation;
}
