import type { Drop } from '../drops/drop.ts';
import { reportPathOf } from '../drops/drop-place.ts';
import { ServingError } from '../errors.ts';
import type { Version } from '../ids.ts';
import type { AdvanceDropDeps } from './advance-drop.ts';
import { readVersion } from './version-lifecycle.ts';

type PathDeps = Pick<AdvanceDropDeps, 'dropped' | 'clock'>;
type ReportDeps = PathDeps & Pick<AdvanceDropDeps, 'registry' | 'reportOn'>;

/** Reports are small; a larger blob of that name is not one. */
const MAX_REPORT_BYTES = 1 << 20;

/**
 * Leaves beside a dropped model what has become of it, with its version's whole readiness report,
 * unless another blob lies there by now. Again is no error.
 */
export async function leaveReport(deps: ReportDeps, drop: Drop): Promise<void> {
  const { path, etag, model, status } = drop;
  const report = reportPathOf(path);
  const blob = await deps.dropped.look(path);
  if (report === undefined || blob?.etag !== etag) return;
  const version = 'version' in status ? status.version : undefined;
  await deps.dropped.leave(
    report,
    text({
      model,
      ...(version !== undefined && { version: String(version) }),
      ...said(deps, drop),
      etag,
      ...(version !== undefined && (await versionReport(deps, drop, version))),
    }),
  );
}

function said({ clock }: PathDeps, { status }: Drop) {
  if (status.state === 'decided' || status.state === 'settled') {
    const { outcome, reasons, decidedAt, rollout } = status;
    return { outcome, reasons, at: decidedAt, rollout };
  }
  const waits = status.state === 'registered' ? status.waits : undefined;
  const at = new Date(clock()).toISOString();
  return { outcome: 'waiting', reasons: waits === undefined ? [] : [waits], at };
}

/** Nothing where the model has been deleted since: that version is not the one of its new life. */
async function versionReport(deps: ReportDeps, { model, incarnation }: Drop, version: Version) {
  const view = await readVersion(deps, model, version);
  if (view?.submission.incarnation !== incarnation) return undefined;
  return {
    href: `/models/${model}/versions/${version}/report`,
    report: await deps.reportOn(view),
  };
}

/** Says of a path that names no model what is wrong with it, once for each state of its blob. */
export async function refusePath(deps: PathDeps, path: string, reason: string): Promise<void> {
  const report = reportPathOf(path);
  const blob = report === undefined ? undefined : await deps.dropped.look(path);
  if (report === undefined || !blob || (await reportedEtag(deps, report)) === blob.etag) return;
  const at = new Date(deps.clock()).toISOString();
  const { etag } = blob;
  await deps.dropped.leave(report, text({ outcome: 'refused', reasons: [reason], at, etag }));
}

/** Of which state of the blob the report speaks that lies there. */
async function reportedEtag({ dropped }: PathDeps, path: string): Promise<unknown> {
  try {
    const blob = await dropped.look(path);
    const bytes = blob && (await dropped.read(blob, MAX_REPORT_BYTES));
    const report: unknown = bytes && JSON.parse(Buffer.from(bytes).toString('utf8'));
    return typeof report === 'object' && report !== null && 'etag' in report
      ? report.etag
      : undefined;
  } catch (error) {
    // Somebody else's, or one that is being written: it is replaced.
    const other = error instanceof SyntaxError || error instanceof ServingError;
    if (!other || (error instanceof ServingError && error.failure.kind === 'unavailable')) {
      throw error;
    }
    return undefined;
  }
}

function text(report: object): string {
  return `${JSON.stringify(report, undefined, 2)}\n`;
}
