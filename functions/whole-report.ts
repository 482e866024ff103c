import type { App } from '../shared/compose.ts';
import { readReport } from '../shared/usecases/read-report.ts';
import type { VersionView } from '../shared/usecases/version-lifecycle.ts';
import { type Report, reportOf } from './report.ts';

/** A version's report with all its figures; undefined while it is undecided. */
export async function wholeReport(app: App, view: VersionView): Promise<Report | undefined> {
  if (!view.verdict?.assessment) return reportOf(view);
  return reportOf(view, (await readReport(app, view)) ?? 'gone');
}
