import type { App } from '../shared/compose.ts';
import type { AdvanceDropDeps } from '../shared/usecases/advance-drop.ts';
import { wholeReport } from './whole-report.ts';

/** The app, for what leaves reports beside dropped models: they say what GET …/report says. */
export function withReports(app: App): App & Pick<AdvanceDropDeps, 'reportOn'> {
  return { ...app, reportOn: (view) => wholeReport(app, view) };
}
