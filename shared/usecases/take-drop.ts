import type { Drop, DropEnd, DroppedBlob, DropStatus } from '../drops/drop.ts';
import { type DropPlace, dropIdOf, dropPlaceOf } from '../drops/drop-place.ts';
import { quotedTag } from '../drops/etag.ts';
import { type FailureKind, ServingError } from '../errors.ts';
import type { DroppedFiles } from '../ports/dropped-files.ts';
import type { Card } from '../registry/card.ts';
import { type AdvanceDropDeps, advanceDrop } from './advance-drop.ts';
import { refusePath } from './drop-report.ts';
import { type StoreDeps, storeSubmitted } from './register-model.ts';
import { currentIncarnation } from './version-lifecycle.ts';

export interface TakeDropDeps extends AdvanceDropDeps, StoreDeps {
  readonly dropped: DroppedFiles;
}

/** What was heard of a dropped model. */
export interface DropSighting {
  /** Within `incoming`. */
  readonly path: string;
  /** Undefined where it wasn't told: as the blob is now. */
  readonly etag?: string | undefined;
  /** Reads a card. @throws ServingError `malformed` */
  readonly parseCard: (bytes: Uint8Array) => Card;
}

/** What is larger is no card: that much is read at most. */
const MAX_CARD_BYTES = 256 * 1024;
/** How often card or evaluation may change while they are being read. */
const MAX_LOOKS = 5;
/** What is wrong with what was dropped: another look would find the same. */
const REFUSED: ReadonlySet<FailureKind> = new Set(['malformed', 'tooLarge', 'unsupportedMedia']);

/**
 * A dropped model becomes a version, once for each state of its blob: the first sight of one leaves
 * a receipt with what lay there then, and whoever comes later goes on from that receipt, whatever
 * lies there now. Ends quietly (undefined) when the blob is gone, or another since: that one has an
 * event of its own.
 * @throws whatever may pass (`unavailable`, `overloaded`), so that it is delivered again
 */
export async function takeDrop(
  deps: TakeDropDeps,
  { path, etag, parseCard }: DropSighting,
): Promise<DropStatus | undefined> {
  let place: DropPlace;
  try {
    place = dropPlaceOf(path);
  } catch (error) {
    await refusePath(deps, path, reasonOf(error));
    return undefined;
  }
  const { model } = place;
  for (let look = 1; look <= MAX_LOOKS; look++) {
    const blob = await deps.dropped.look(path);
    const seen = etag === undefined ? blob?.etag : quotedTag(etag);
    if (seen === undefined) return undefined;
    const id = dropIdOf({ path, etag: seen });
    if (await deps.registry.readDrop(model, id)) return await advanceDrop(deps, { model, id });
    if (blob?.etag !== seen) return undefined;
    const drop = await firstSight(deps, place, { blob, parseCard });
    // Whoever was first has said what it is.
    if (drop) await deps.registry.createDrop(drop);
    if (drop) return await advanceDrop(deps, { model, id });
  }
  throw new ServingError({
    kind: 'unavailable',
    detail: `incoming/${path}: what lies beside it changes all the time; try again`,
    retryAfterSeconds: 10,
  });
}

/** Says once and for all that a dropped blob can't be taken. */
export async function refuseDrop(
  deps: AdvanceDropDeps,
  blob: DroppedBlob,
  reason: string,
): Promise<DropStatus> {
  const { model } = dropPlaceOf(blob.path);
  const receipt = await receiptOf(deps, model, blob);
  await deps.registry.createDrop({ ...receipt, status: refused(deps, reason) });
  return await advanceDrop(deps, receipt);
}

/** The receipt of what lies there; undefined when it changed while it was read. */
async function firstSight(
  deps: TakeDropDeps,
  { model, card, evaluation }: DropPlace,
  { blob, parseCard }: { blob: DroppedBlob; parseCard: DropSighting['parseCard'] },
): Promise<Drop | undefined> {
  const receipt = await receiptOf(deps, model, blob);
  try {
    const beside = await deps.dropped.look(evaluation);
    const submission = await storeSubmitted(
      deps,
      {
        model,
        content: { kind: 'dropped', blob },
        card: await readCard(deps, card, parseCard),
        evaluation: beside && { kind: 'dropped', blob: beside },
        traceparent: deps.traceparent,
      },
      receipt.incarnation,
    );
    // Before the receipt that refers to it.
    await deps.registry.createSubmission(submission);
    const { fingerprint, digest } = submission;
    return { ...receipt, submitted: { fingerprint, digest } };
  } catch (error) {
    const kind = error instanceof ServingError ? error.failure.kind : undefined;
    if (kind === 'conflict') return undefined;
    if (kind === undefined || !REFUSED.has(kind)) throw error;
    return { ...receipt, status: refused(deps, reasonOf(error)) };
  }
}

async function receiptOf(
  deps: AdvanceDropDeps,
  model: Drop['model'],
  { path, etag }: DroppedBlob,
): Promise<Drop> {
  const incarnation = await currentIncarnation(deps, model);
  const takenAt = new Date(deps.clock()).toISOString();
  const id = dropIdOf({ path, etag });
  return { id, model, path, etag, incarnation, takenAt, status: { state: 'taken' } };
}

async function readCard(
  { dropped }: TakeDropDeps,
  path: string,
  parse: DropSighting['parseCard'],
): Promise<Card> {
  const blob = await dropped.look(path);
  return blob ? parse(await dropped.read(blob, MAX_CARD_BYTES)) : {};
}

function refused({ clock }: AdvanceDropDeps, reason: string): { state: 'decided' } & DropEnd {
  const decidedAt = new Date(clock()).toISOString();
  return { state: 'decided', decidedAt, outcome: 'refused', reasons: [reason] };
}

function reasonOf(error: unknown): string {
  if (error instanceof ServingError) return error.failure.detail;
  throw error;
}
