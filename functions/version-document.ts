import type { VersionView } from '../shared/usecases/version-lifecycle.ts';
import { type Report, reportOf, signatureDocument } from './report.ts';

/** A version as GET and POST answer it; what the examination found once it is decided, in short unless the whole `report` is given. */
export function versionDocument(view: VersionView, report: Report | undefined = reportOf(view)) {
  const { model, entry, submission, verdict } = view;
  const outcome = verdict?.outcome;
  return {
    model,
    version: String(entry.version),
    state: entry.state,
    digest: submission.digest,
    bytes: submission.bytes,
    createdAt: entry.createdAt,
    ...(entry.state === 'retired' && { retiredAt: entry.retiredAt }),
    card: verdict?.card ?? submission.card,
    ...(submission.evaluation && { evaluation: submission.evaluation }),
    ...(outcome?.kind === 'ready' && {
      signature: signatureDocument(outcome.signature),
      warnings: outcome.warnings,
    }),
    ...(outcome?.facts && { facts: outcome.facts }),
    ...(outcome?.kind === 'rejected' && { reason: outcome.reasons.join('; ') }),
    ...(report && { report }),
  };
}
