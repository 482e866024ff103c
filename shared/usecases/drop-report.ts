import type { Drop } from '../drops/drop.ts';
import { reportPathOf } from '../drops/drop-place.ts';
import { ServingError } from '../errors.ts';
import type { AdvanceDropDeps } from './advance-drop.ts';

type ReportDeps = Pick<AdvanceDropDeps, 'dropped' | 'registry' | 'clock'>;

/** Reports are small; a larger blob of that name is not one. */
const MAX_REPORT_BYTES = 1 << 20;

/**
 * Leaves beside a dropped model what has become of it, unless another blob lies there by now. Again
 * is no error. A rejected one's gates stand in it, the whole report is a link away.
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
      ...(version !== undefined && {
        gates: await gatesOf(deps, drop, version),
        report: `/models/${model}/versions/${version}/report`,
      }),
    }),
  );
}

function said({ clock }: ReportDeps, { status }: Drop) {
  if (status.state === 'decided' || status.state === 'settled') {
    const { outcome, reasons, decidedAt, rollout } = status;
    return { outcome, reasons, at: decidedAt, rollout };
  }
  const waits = status.state === 'registered' ? status.waits : undefined;
  const at = new Date(clock()).toISOString();
  return { outcome: 'waiting', reasons: waits === undefined ? [] : [waits], at };
}

async function gatesOf(
  { registry }: ReportDeps,
  { model, incarnation }: Drop,
  version: NonNullable<Parameters<typeof registry.readVerdict>[0]['version']>,
) {
  return (await registry.readVerdict({ model, incarnation, version }))?.assessment?.gates;
}

/** Says of a path that names no model what is wrong with it, once for each state of its blob. */
export async function refusePath(deps: ReportDeps, path: string, reason: string): Promise<void> {
  const report = reportPathOf(path);
  const blob = report === undefined ? undefined : await deps.dropped.look(path);
  if (report === undefined || !blob || (await reportedEtag(deps, report)) === blob.etag) return;
  const at = new Date(deps.clock()).toISOString();
  const { etag } = blob;
  await deps.dropped.leave(report, text({ outcome: 'refused', reasons: [reason], at, etag }));
}

/** Of which state of the blob the report speaks that lies there. */
async function reportedEtag({ dropped }: ReportDeps, path: string): Promise<unknown> {
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
