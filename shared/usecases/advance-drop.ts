import { DROP, type Drop, type DropEnd, type DropStatus } from '../drops/drop.ts';
import { ServingError } from '../errors.ts';
import type { DropId, ModelName, Version } from '../ids.ts';
import type { DroppedFiles } from '../ports/dropped-files.ts';
import type { Messages } from '../ports/messages.ts';
import { decideDrop } from './decide-drop.ts';
import { leaveReport } from './drop-report.ts';
import {
  allocateVersion,
  currentIncarnation,
  type RegistryDeps,
  type VersionView,
} from './version-lifecycle.ts';

export interface AdvanceDropDeps extends RegistryDeps {
  readonly dropped: Pick<DroppedFiles, 'look' | 'read' | 'leave'>;
  readonly messages: Pick<Messages, 'sendRegistration'>;
  /** The readiness report of a decided version, as callers get it. */
  readonly reportOn: (view: VersionView) => Promise<unknown>;
  /** Of the work that this is part of, as W3C Trace Context has it. */
  readonly traceparent?: string | undefined;
}

/** Writes that a drop takes at most, with the races that may be lost meanwhile. */
const MAX_TURNS = 50;

/**
 * Takes a drop as far as it goes now: a version, its end by the model's policy once that version is
 * decided, a report beside it. Every step is one conditional write, and everything before it may be
 * done again; so many may do this at once, or stop anywhere.
 */
export async function advanceDrop(
  deps: AdvanceDropDeps,
  { model, id }: { model: ModelName; id: DropId },
): Promise<DropStatus> {
  let overwrote = false;
  for (let turn = 1; turn <= MAX_TURNS; turn++) {
    const stored = await deps.registry.readDrop(model, id);
    if (!stored) throw new Error(`drop ${id} of model ${model}: there is no receipt`);
    const drop = stored.value;
    const { status } = drop;
    const next = await stepOf(deps, drop);
    if (!next) {
      // Another one settled it before the last report was left: that one said less.
      if (overwrote && status.state === 'settled') await leaveReport(deps, drop);
      return status;
    }
    const replaced = await deps.registry.replaceDrop({ ...drop, status: next }, stored.etag);
    overwrote ||= !replaced && next.state === 'registered';
    if (replaced && next.state === 'settled') return next;
  }
  throw new ServingError({
    kind: 'unavailable',
    detail: `drop ${id} of model ${model}: ${MAX_TURNS} steps did not settle it; try again`,
    retryAfterSeconds: 2,
  });
}

/** What the drop becomes next; undefined when there is nothing to be done now. */
async function stepOf(deps: AdvanceDropDeps, drop: Drop): Promise<DropStatus | undefined> {
  const { status } = drop;
  switch (status.state) {
    case 'taken':
      return await register(deps, drop);
    case 'registered': {
      const found = await decideDrop(deps, drop, status.version);
      if (!found) return undefined;
      if ('outcome' in found) return decided(deps, { version: status.version, ...found });
      if (found.waits === status.waits) return undefined;
      await leaveReport(deps, { ...drop, status: { ...status, ...found } });
      return { ...status, ...found };
    }
    case 'decided':
      await leaveReport(deps, drop);
      return { ...status, state: 'settled' };
    case 'settled':
      return undefined;
  }
}

/** Gives what was taken its version and has that examined. */
async function register(deps: AdvanceDropDeps, drop: Drop): Promise<DropStatus> {
  const { model, incarnation, path } = drop;
  try {
    const { version, state } = (await ownEntry(deps, drop)) ?? (await allocated(deps, drop));
    // Also for one that stood already: its first sender may have ended before this line.
    if (state === 'pending') {
      await deps.messages.sendRegistration({
        model,
        incarnation,
        version,
        traceparent: deps.traceparent,
      });
    }
    return { state: 'registered', version };
  } catch (error) {
    if (!(error instanceof ServingError) || error.failure.kind !== 'conflict') throw error;
    if ((await currentIncarnation(deps, model)) === incarnation) {
      return decided(deps, { outcome: 'refused', reasons: [error.failure.detail] });
    }
    const reason = `model ${model} was deleted after incoming/${path} had been taken; drop it again`;
    return decided(deps, { outcome: 'gone', reasons: [reason] });
  }
}

/** What this drop was given already, by one that stopped before it could say so; also if retired since. */
async function ownEntry(
  { registry }: AdvanceDropDeps,
  { model, incarnation, submitted, takenAt }: Drop,
) {
  const record = (await registry.readModel(model))?.value;
  if (record?.incarnation !== incarnation) return undefined;
  return record.versions.findLast(
    ({ fingerprint, createdAt }) => fingerprint === submitted?.fingerprint && createdAt >= takenAt,
  );
}

async function allocated(deps: AdvanceDropDeps, drop: Drop) {
  const { model, incarnation, submitted, path } = drop;
  const submission =
    submitted &&
    (await deps.registry.readSubmission({
      model,
      incarnation,
      fingerprint: submitted.fingerprint,
    }));
  if (!submission) throw new Error(`drop ${drop.id} of model ${model} stands without a submission`);
  const { entry } = await allocateVersion(deps, submission, DROP, { dropped: path });
  return entry;
}

function decided(
  { clock }: AdvanceDropDeps,
  end: Omit<DropEnd, 'decidedAt'> & { readonly version?: Version },
): DropStatus {
  return { state: 'decided', decidedAt: new Date(clock()).toISOString(), ...end };
}
