import { type FailureKind, ServingError } from '../errors.ts';
import type { Inspection, ModelFiles, ModelInspector, RegistrationMessage } from '../ports.ts';
import { type Card, inheritCard } from '../registry/card.ts';
import type { Verdict } from '../registry/model-record.ts';
import {
  beginValidation,
  decideVersion,
  type RegistryDeps,
  readVersion,
  type VersionView,
} from './version-lifecycle.ts';

export interface ValidateDeps extends RegistryDeps {
  readonly modelFiles: ModelFiles;
  readonly inspector: ModelInspector;
}

/** Who decides, in the model's history. */
const WHO = 'validation';

/** Failures of bringing the file here that another attempt would only repeat. */
const FINAL: ReadonlySet<FailureKind> = new Set(['notFound', 'damaged', 'tooLarge']);

/**
 * Examines a registered version and decides it. Delivered again, or to two at once, the first
 * verdict counts. @throws whatever may pass (`unavailable`, `overloaded`), so that it is delivered again
 */
export async function validateVersion(
  deps: ValidateDeps,
  message: RegistrationMessage,
): Promise<void> {
  if ((await beginValidation(deps, message)) !== 'validate') return;
  const view = await readVersion(deps, message.model, message.version);
  if (view) await decide(deps, view, await examine(deps, view));
}

/** Decides a version whose validation ended without a verdict every time it was tried. */
export async function giveUpValidation(
  deps: RegistryDeps,
  message: RegistrationMessage,
): Promise<void> {
  const view = await readVersion(deps, message.model, message.version);
  if (!view) return;
  await decide(deps, view, {
    kind: 'rejected',
    reasons: ['validation crashed again and again; the model can not be examined here'],
  });
}

async function examine(
  { modelFiles, inspector }: ValidateDeps,
  { model, submission: { incarnation, digest, bytes } }: VersionView,
): Promise<Verdict['outcome']> {
  const ref = { model, incarnation, digest, name: 'model.onnx' } as const;
  try {
    const file = await modelFiles.open(ref, bytes);
    try {
      return outcomeOf(await inspector.inspect(file.path));
    } finally {
      file.release();
    }
  } catch (error) {
    if (!(error instanceof ServingError) || !FINAL.has(error.failure.kind)) throw error;
    return { kind: 'rejected', reasons: [error.failure.detail] };
  }
}

function outcomeOf(inspection: Inspection): Verdict['outcome'] {
  if (!inspection.ok) {
    const { reasons, facts } = inspection;
    return { kind: 'rejected', reasons, ...(facts && { facts }) };
  }
  const { ok: _, ...found } = inspection;
  return { kind: 'ready', ...found };
}

async function decide(
  deps: RegistryDeps,
  { model, entry, submission }: VersionView,
  outcome: Verdict['outcome'],
): Promise<void> {
  const { incarnation, digest, bytes, card } = submission;
  const verdict: Verdict = {
    model,
    incarnation,
    version: entry.version,
    decidedAt: new Date(deps.clock()).toISOString(),
    digest,
    bytes,
    card: inheritCard(card, await productionCard(deps, { model, incarnation })),
    outcome,
  };
  await decideVersion(deps, verdict, WHO);
}

async function productionCard(
  { registry }: RegistryDeps,
  { model, incarnation }: Pick<Verdict, 'model' | 'incarnation'>,
): Promise<Card | undefined> {
  const stored = await registry.readModel(model);
  const production = stored?.value.routing.production;
  if (production === undefined) return undefined;
  return (await registry.readVerdict({ model, incarnation, version: production }))?.card;
}
