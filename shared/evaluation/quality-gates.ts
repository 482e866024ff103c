import { comparisonFindings } from './comparison-gates.ts';
import { type Gate, settingOf } from './gate-settings.ts';
import type { GateResult, GateSubject } from './gates.ts';
import type { ClassificationQuality, Quality } from './quality.ts';
import { short, written } from './written.ts';

/**
 * Figures against thresholds. With fewer rows than `minRows` nothing can be told, neither good nor
 * bad: that is the only result then.
 */
export function qualityFindings({ card, quality, qualityProblem }: GateSubject): GateResult[] {
  const rows = quality?.rows ?? 0;
  const { bound: minRows } = settingOf(card, 'minRows');
  const results: GateResult[] = [];
  if (minRows !== undefined) {
    const enough = rows >= minRows;
    const because = qualityProblem === undefined ? '' : ` (${qualityProblem})`;
    results.push({
      gate: 'minRows',
      result: enough ? 'passed' : 'unknown',
      why: enough
        ? `${String(rows)} labelled rows, ${String(minRows)} are expected`
        : `not enough labelled rows: ${String(rows)}, expected ${String(minRows)}${because}`,
      figure: rows,
      bound: minRows,
    });
    if (!enough) return results;
  }
  if (!quality || rows === 0) return results;
  results.push(
    ...betterThanChance(card, quality),
    ...comparisonFindings(card, quality),
    ...limits(card, quality),
  );
  return results;
}

function betterThanChance(card: GateSubject['card'], quality: Quality): GateResult[] {
  if (settingOf(card, 'betterThanChance').off) return [];
  const gate = 'betterThanChance';
  const figure =
    quality.task === 'classification' ? quality.figures.aboveChance : quality.figures.r2;
  if (!figure) {
    const why = `all ${String(quality.rows)} rows have the same label: better than always answering that can't be shown`;
    return [{ gate, result: 'unknown', why }];
  }
  const low = figure.low ?? figure.value;
  const failed = low <= 0;
  const [what, guess] =
    quality.task === 'classification'
      ? [
          `balanced accuracy ${written(quality.figures.balancedAccuracy)}, on a scale where always answering the same is 0: ${written(figure)}`,
          'the interval must lie above 0',
        ]
      : [
          `R² ${written(figure)}`,
          'the interval must lie above 0, which always answering the mean reaches',
        ];
  return [
    {
      gate,
      result: failed ? 'failed' : 'passed',
      why: `${what}; ${guess}`,
      figure: low,
      bound: 0,
      ...(failed && looks(quality)),
    },
  ];
}

interface Limit {
  readonly gate: Gate;
  readonly what: string;
  readonly figure: number | undefined;
  readonly bound?: number;
  readonly because?: string;
}

function limits(card: GateSubject['card'], quality: Quality): GateResult[] {
  return limitsOf(quality).flatMap((limit): GateResult[] => {
    const { gate, what, figure, because } = limit;
    const setting = settingOf(card, gate);
    const bound = setting.off ? undefined : (setting.bound ?? limit.bound);
    if (bound === undefined) return [];
    if (figure === undefined) {
      return [
        {
          gate,
          result: 'unknown',
          why: `${what}: can't be told of this model and its rows`,
          bound,
        },
      ];
    }
    const most = gate.startsWith('max');
    const failed = !(most ? figure <= bound : figure >= bound);
    const source = setting.bound === undefined && because !== undefined ? `, ${because}` : '';
    const why = `${what} is ${short(figure)}; at ${most ? 'most' : 'least'} ${short(bound)} is expected${source}`;
    return [
      {
        gate,
        result: failed ? 'failed' : 'passed',
        why,
        figure,
        bound,
        ...(failed && looks(quality)),
      },
    ];
  });
}

function limitsOf(quality: Quality): Limit[] {
  if (quality.task === 'regression') {
    const { rmse, mae, r2 } = quality.figures;
    return [
      { gate: 'maxRmse', what: 'RMSE', figure: rmse.value },
      { gate: 'maxMae', what: 'MAE', figure: mae.value },
      { gate: 'minR2', what: 'R²', figure: r2?.value },
    ];
  }
  const { accuracy, macro, rocAuc, logLoss } = quality.figures;
  return [
    positiveF1(quality),
    { gate: 'minAccuracy', what: 'accuracy', figure: accuracy.value },
    { gate: 'minMacroF1', what: 'macro F1', figure: macro.f1.value },
    { gate: 'minRocAuc', what: 'ROC AUC', figure: rocAuc?.value },
    { gate: 'maxLogLoss', what: 'log loss', figure: logLoss?.value },
  ];
}

/** A class that most rows have is answered too seldom by good models that look for the other one. */
const HALF = 0.5;

/** The floor is F1 of a guess at the class's own rate, which is that rate. */
function positiveF1(quality: ClassificationQuality): Limit {
  const { positive, positiveFigures: found, rows } = quality;
  return {
    gate: 'minF1',
    what: positive === undefined ? 'F1 of the positive class' : `F1 of \`${positive}\``,
    figure: found?.f1.value,
    ...(found && {
      bound: Math.min(found.rows / rows, HALF),
      because: 'what guessing at its share of the rows reaches',
    }),
  };
}

function looks({ lookAt }: Quality): { lines?: number[] } {
  return lookAt.length === 0 ? {} : { lines: lookAt.map(({ line }) => line) };
}
