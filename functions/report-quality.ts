import type {
  ClassificationSlice,
  Comparison,
  Figure,
  Quality,
  RegressionSlice,
  RowToLookAt,
  Slice,
} from '../shared/evaluation/quality.ts';
import type { Report } from './report.ts';
import { confusionPart } from './report-confusion.ts';
import { bar, figureCell, figuresTable, foldsPart } from './report-figures.ts';
import {
  type Cell,
  figureText,
  html,
  joined,
  NOTHING,
  paragraph,
  type Raw,
  section,
  table,
} from './report-html.ts';

/** How good the answers to the evaluation file are, beside production's. */
export function qualityPart(report: Report): Raw {
  const { quality, qualityProblem, evaluation } = report;
  if (!quality) {
    return qualityProblem === undefined
      ? NOTHING
      : section('Quality', paragraph(html`There are no figures: ${qualityProblem}`));
  }
  const primary = quality.task === 'classification' ? 'macro F1' : 'RMSE';
  return section(
    'Quality',
    evaluation ? rowsPart(evaluation) : NOTHING,
    comparisonPart(report, quality, primary),
    figuresTable(quality),
    quality.task === 'classification' ? classesPart(quality) : NOTHING,
    quality.task === 'classification' ? confusionPart(quality) : NOTHING,
    foldsPart(primary, quality.folds),
    slicesPart(quality),
    lookAtPart(quality.lookAt),
  );
}

function rowsPart(evaluation: NonNullable<Report['evaluation']>): Raw {
  const { from, asked, inFile, failed = 0, unlabelled = 0, problems = [] } = evaluation;
  const whose =
    from === undefined ? 'its own evaluation file' : `version ${from}’s evaluation file`;
  if (asked === undefined || inFile === undefined) return paragraph(`Measured on ${whose}.`);
  const of = asked === inFile ? `all ${asked} rows` : `${asked} of ${inFile} rows, evenly spaced,`;
  return html`<p>Measured on ${of} of ${whose}. ${
    failed > 0 ? `${failed} could not be answered and count as wrong. ` : ''
  }${unlabelled > 0 ? `${unlabelled} have no label that can be told and count nowhere.` : ''}</p>
${
  problems.length === 0
    ? NOTHING
    : table(
        ['line', 'what is wrong'],
        problems.map(({ line, why }) => [line, why]),
      )
}`;
}

/** In words: is it better, worse, or can't it be told? */
function comparisonPart(report: Report, quality: Quality, primary: string): Raw {
  const { comparison } = quality;
  if (!comparison) return NOTHING;
  const isClassifier = quality.task === 'classification';
  const pick = (of: unknown): Figure => {
    const figures = of as { macro?: { f1: Figure }; rmse?: Figure };
    return (isClassifier ? figures.macro?.f1 : figures.rmse) ?? { value: Number.NaN };
  };
  const difference = pick(comparison.difference);
  const version = report.compatibility?.version;
  return html`<h3>Beside production${version === undefined ? '' : ` (version ${version})`}</h3>
<p>On the same ${comparison.rows} rows its ${primary} is ${figureText(pick(quality.figures).value)}, production’s ${figureText(pick(comparison.production).value)}: ${verdictOn(difference, isClassifier)}. ${mcnemarText(comparison)}</p>`;
}

function verdictOn({ value, low, high }: Figure, moreIsBetter: boolean): string {
  const sign = value > 0 ? '+' : '';
  const interval =
    low === undefined || high === undefined
      ? ''
      : `, 95 % interval ${figureText(low)} to ${figureText(high)}`;
  const text = `${sign}${figureText(value)}${interval}`;
  if (low === undefined || high === undefined) return `a difference of ${text}`;
  if (low <= 0 && high >= 0) return `a difference of ${text}, which may be chance`;
  return `${value > 0 === moreIsBetter ? 'better' : 'worse'} by more than chance (${text})`;
}

function mcnemarText({ mcnemar, changed }: Comparison<unknown>): string {
  const others = changed === undefined ? '' : `${changed} rows are answered otherwise. `;
  if (!mcnemar) return others;
  const { onlyProductionRight, onlyVersionRight, p, test } = mcnemar;
  const level = p < 0.001 ? 'p < 0.001' : `p = ${p.toFixed(3)}`;
  return `${others}Only production is right on ${onlyProductionRight}, only this version on ${onlyVersionRight} (McNemar’s test, ${test}: ${level}).`;
}

function classesPart({
  perClass,
  classes,
  positive,
}: Extract<Quality, { task: 'classification' }>): Raw {
  const shown =
    perClass.length < classes ? ` The ${perClass.length} with the most rows of ${classes}.` : '';
  return html`<h3>Classes</h3>
${shown === '' ? NOTHING : paragraph(shown)}
${table(
  ['class', 'rows', 'answered', 'precision', 'recall', '', 'F1'],
  perClass.map((each): Cell[] => [
    each.class === positive ? html`${each.class} <span class="aside">positive</span>` : each.class,
    each.rows,
    each.answered,
    figureCell(each.precision),
    figureCell(each.recall),
    bar(each.f1),
    figureCell(each.f1),
  ]),
)}`;
}

type AnySlice = Slice<ClassificationSlice> | Slice<RegressionSlice>;

function slicesPart({ slices, slicesCut }: Quality): Raw {
  if (slices.length === 0) return NOTHING;
  const columns = [...new Set(slices.map(({ column }) => column))];
  const tables = columns.map((column) => {
    const rows = (slices as readonly AnySlice[]).filter((slice) => slice.column === column);
    const compared = rows.some(({ production }) => production !== undefined);
    return html`<h3>By ${column}</h3>
${slicesCut.includes(column) ? paragraph('Its rarest values are left out.') : NOTHING}
${table(
  [column, 'rows', ...sliceHeads(rows), ...(compared ? ['production’s'] : [])],
  rows.map((slice): Cell[] => [
    slice.value === '' ? '(empty)' : slice.value,
    slice.small ? html`${slice.rows} <span class="aside">few</span>` : slice.rows,
    ...sliceCells(slice.figures),
    ...(compared ? [slice.production && sliceCells(slice.production)[1]] : []),
  ]),
)}`;
  });
  return joined(tables);
}

function sliceHeads(rows: readonly AnySlice[]): string[] {
  const [first] = rows;
  return first && 'mae' in first.figures ? ['MAE', 'RMSE'] : ['accuracy', 'macro F1'];
}

function sliceCells(figures: ClassificationSlice | RegressionSlice): [Raw, Raw] {
  return 'mae' in figures
    ? [html`${figureText(figures.mae)}`, html`${figureText(figures.rmse)}`]
    : [figureCell(figures.accuracy), html`${figureText(figures.macroF1)}`];
}

function lookAtPart(rows: readonly RowToLookAt[]): Raw {
  if (rows.length === 0) return NOTHING;
  const compared = rows.some(({ production }) => production !== undefined);
  const text = (answer: string | number | undefined): string =>
    answer === undefined ? 'none' : typeof answer === 'number' ? figureText(answer) : answer;
  return html`<h3>Rows to look at</h3>
<p>Lines of the evaluation file; what it has wrong${compared ? ', production’s right answers first' : ', the surest first'}.</p>
${table(
  ['line', 'label', 'answered', ...(compared ? ['production'] : []), 'confidence'],
  rows.map(({ line, truth, answered, production, confidence }): Cell[] => [
    line,
    text(truth),
    text(answered),
    ...(compared ? [text(production)] : []),
    confidence === undefined ? '' : figureText(confidence),
  ]),
)}`;
}
