import type { Figure, Folds, Quality } from '../shared/evaluation/quality.ts';
import type { Raw } from './report-html.ts';
import { type Cell, figureText, html, NOTHING, table } from './report-html.ts';

const BAR_WIDTH = 120;

/** `0.942 (0.922 – 0.962)`. */
export function figureCell({ value, low, high }: Figure): Raw {
  return low === undefined || high === undefined || low === high
    ? html`${figureText(value)}`
    : html`${figureText(value)} <span class="aside">${figureText(low)} – ${figureText(high)}</span>`;
}

/** A share of one as a bar, its interval as a line across the end. */
export function bar({ value, low, high }: Figure): Raw {
  const at = (share: number): number => Math.round(Math.min(1, Math.max(0, share)) * BAR_WIDTH);
  const interval =
    low === undefined || high === undefined
      ? NOTHING
      : html`<path d="M${at(low)} 2V10M${at(low)} 6H${at(high)}M${at(high)} 2V10" class="interval"/>`;
  return html`<svg width="${BAR_WIDTH}" height="12" role="img" aria-label="${figureText(value)}"><rect width="${BAR_WIDTH}" height="12" class="track"/><rect width="${at(value)}" height="12" class="bar"/>${interval}</svg>`;
}

interface Row {
  readonly name: string;
  readonly figure: Figure | undefined;
  readonly production?: Figure | undefined;
  readonly difference?: Figure | undefined;
  /** Whether 1 is best and 0 worst. */
  readonly isShare: boolean;
}

/** The figures of the whole file, beside production's. */
export function figuresTable(quality: Quality): Raw {
  const rows =
    quality.task === 'classification' ? classificationRows(quality) : regressionRows(quality);
  const given = rows.filter(({ figure }) => figure !== undefined);
  const compared = quality.comparison !== undefined;
  return table(
    ['figure', '', 'value, 95 % interval', ...(compared ? ['production', 'difference'] : [])],
    given.map(({ name, figure, production, difference, isShare }): Cell[] => [
      name,
      figure && isShare ? bar(figure) : NOTHING,
      figure && figureCell(figure),
      ...(compared
        ? [production && figureCell(production), difference && figureCell(difference)]
        : []),
    ]),
  );
}

type Of<Task> = Extract<Quality, { task: Task }>;

function classificationRows({
  figures,
  comparison,
  positiveFigures,
  positive,
}: Of<'classification'>): Row[] {
  const row = (
    name: string,
    pick: (of: typeof figures) => Figure | undefined,
    isShare = true,
  ): Row => ({
    name,
    figure: pick(figures),
    ...(comparison && {
      production: pick(comparison.production),
      difference: pick(comparison.difference),
    }),
    isShare,
  });
  return [
    row('macro F1', ({ macro }) => macro.f1),
    row('accuracy', ({ accuracy }) => accuracy),
    row('balanced accuracy', ({ balancedAccuracy }) => balancedAccuracy),
    { name: `F1 of ${positive ?? ''}`, figure: positiveFigures?.f1, isShare: true },
    { name: `precision of ${positive ?? ''}`, figure: positiveFigures?.precision, isShare: true },
    { name: `recall of ${positive ?? ''}`, figure: positiveFigures?.recall, isShare: true },
    row('macro precision', ({ macro }) => macro.precision),
    row('macro recall', ({ macro }) => macro.recall),
    row('weighted F1', ({ weighted }) => weighted.f1),
    row('ROC AUC', ({ rocAuc }) => rocAuc),
    row('log loss', ({ logLoss }) => logLoss, false),
  ];
}

function regressionRows({ figures, comparison }: Of<'regression'>): Row[] {
  const row = (
    name: string,
    pick: (of: typeof figures) => Figure | undefined,
    isShare: boolean,
  ): Row => ({
    name,
    figure: pick(figures),
    ...(comparison && {
      production: pick(comparison.production),
      difference: pick(comparison.difference),
    }),
    isShare,
  });
  return [
    row('RMSE', ({ rmse }) => rmse, false),
    row('MAE', ({ mae }) => mae, false),
    row('R²', ({ r2 }) => r2, true),
  ];
}

/** The primary figure in each fold, as bars. */
export function foldsPart(name: string, folds: Folds | undefined): Raw {
  if (!folds) return NOTHING;
  const most = Math.max(...folds.values.map(Math.abs), Number.MIN_VALUE);
  const scale = most <= 1 ? 1 : most;
  return html`<h3>Folds</h3>
<p>${name} in each of ${folds.values.length} folds of the rows: mean ${figureText(folds.mean)}, standard deviation ${figureText(folds.deviation)}.</p>
${table(
  ['fold', '', name],
  folds.values.map((value, index) => [
    String(index + 1),
    bar({ value: value / scale }),
    figureText(value),
  ]),
)}`;
}
