import type { ModelInspector } from '../ports/inspection.ts';
import type { RegistrationMessage } from '../ports/messages.ts';
import { inheritCard } from '../registry/card.ts';
import type { Verdict } from '../registry/model-record.ts';
import { assess } from './assess-version.ts';
import { type ExamineDeps, examine } from './examine-version.ts';
import { keepReport, type ReportDeps } from './keep-report.ts';
import { type Production, productionBeside } from './production-beside.ts';
import {
  beginValidation,
  decideVersion,
  type RegistryDeps,
  readVersion,
  type VersionView,
} from './version-lifecycle.ts';

export interface ValidateDeps extends RegistryDeps, ReportDeps, ExamineDeps {
  readonly inspector: ModelInspector;
}

type Found = Pick<Verdict, 'outcome' | 'assessment'>;

/** Who decides, in the model's history. */
const WHO = 'validation';

/**
 * Examines a registered version, measures it beside production, and decides it. Delivered again, or
 * to two at once, the first verdict counts. What production is, is looked up once, before: the
 * verdict names it. @throws whatever may pass (`unavailable`, `overloaded`), so that it is delivered again
 */
export async function validateVersion(
  deps: ValidateDeps,
  message: RegistrationMessage,
): Promise<void> {
  if ((await beginValidation(deps, message)) !== 'validate') return;
  const view = await readVersion(deps, message.model, message.version);
  if (!view) return;
  const production = await productionBeside(deps, view);
  const card = inheritCard(view.submission.card, production?.verdict.card);
  const examined = await examine(deps, { view, card, production });
  const { outcome, assessment } = assess(examined, { card, production });
  const kept = assessment && (await keepReport(deps, view, assessment));
  await decide(deps, view, card, { outcome, ...(kept && { assessment: kept }) });
}

/** Decides a version whose validation ended without a verdict every time it was tried. */
export async function giveUpValidation(
  deps: RegistryDeps,
  message: RegistrationMessage,
): Promise<void> {
  const view = await readVersion(deps, message.model, message.version);
  if (!view) return;
  const production: Production | undefined = await productionBeside(deps, view);
  await decide(deps, view, inheritCard(view.submission.card, production?.verdict.card), {
    outcome: {
      kind: 'rejected',
      reasons: ['validation crashed again and again; the model can not be examined here'],
    },
  });
}

async function decide(
  deps: RegistryDeps,
  { model, entry, submission }: VersionView,
  card: Verdict['card'],
  found: Found,
): Promise<void> {
  const { incarnation, digest, bytes } = submission;
  const decidedAt = new Date(deps.clock()).toISOString();
  const { version } = entry;
  await decideVersion(
    deps,
    { model, incarnation, version, decidedAt, digest, bytes, card, ...found },
    WHO,
  );
}
