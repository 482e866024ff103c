import type { EvaluationFile } from '../evaluation/assessment.ts';
import type { Version } from '../ids.ts';
import type { RegistryStore } from '../ports/registry.ts';
import { findEntry } from '../registry/lookup.ts';
import type { Submission, Verdict } from '../registry/model-record.ts';
import { type VersionView, viewOf } from './version-lifecycle.ts';

type Ready = Extract<Verdict['outcome'], { kind: 'ready' }>;

/** The version that a new one would take the place of. */
export interface Production {
  readonly version: Version;
  readonly submission: Submission;
  readonly verdict: Verdict & { readonly outcome: Ready };
}

/** What is production now, beside a version of the same life; undefined when nothing else is. */
export async function productionBeside(
  deps: { readonly registry: RegistryStore },
  { model, entry, submission }: VersionView,
): Promise<Production | undefined> {
  const record = (await deps.registry.readModel(model))?.value;
  const version = record?.routing.production;
  if (!record || record.incarnation !== submission.incarnation) return undefined;
  if (version === undefined || version === entry.version) return undefined;
  const production = findEntry(record, version);
  const view = production && (await viewOf(deps, record, production));
  const outcome = view?.verdict?.outcome;
  if (!view?.verdict || outcome?.kind !== 'ready') return undefined;
  return { version, submission: view.submission, verdict: { ...view.verdict, outcome } };
}

/** The labelled rows that a version is measured on: its own, else those that production was. */
export function evaluationFor(
  { submission }: Pick<VersionView, 'submission'>,
  production: Production | undefined,
): EvaluationFile | undefined {
  if (submission.evaluation) return submission.evaluation;
  if (!production) return undefined;
  const { submission: lender, verdict, version } = production;
  return lender.evaluation
    ? { ...lender.evaluation, from: version }
    : verdict.assessment?.evaluation;
}
