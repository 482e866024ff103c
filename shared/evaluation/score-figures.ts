import { drawRows, resamplesFor } from './bootstrap.ts';
import { logLosses } from './log-loss.ts';
import { type Ranking, rankingOf, rocAuc } from './roc-auc.ts';
import { room, type Samples } from './samples.ts';

export const SCORE_FIGURES = ['rocAuc', 'logLoss'] as const;
export type ScoreFigure = (typeof SCORE_FIGURES)[number];

/** Scores that are put in order at most, for the areas: a second or so. */
const MOST_RANKED = 4_000_000;

/** Scores of labelled rows, prepared for weighing the rows again and again. */
interface Scored {
  readonly truth: Int32Array;
  /** Of the columns whose classes count: one of two classes, else all. */
  readonly rankings: readonly { readonly column: number; readonly ranking: Ranking }[];
  readonly losses: Float64Array | undefined;
}

interface ScoredRows {
  readonly truth: Int32Array;
  readonly classes: number;
  readonly positive: number | undefined;
}

function prepare(scores: Float64Array, { truth, classes, positive }: ScoredRows): Scored {
  const numbers = !scores.some((score) => Number.isNaN(score));
  const present = [...new Set(truth)].sort((a, b) => a - b);
  const columns = classes === 2 ? [positive ?? 1] : present;
  const rankings =
    numbers && columns.length * truth.length <= MOST_RANKED
      ? columns.map((column) => ({ column, ranking: rankingOf(scores, classes, column) }))
      : [];
  return { truth, rankings, losses: logLosses(scores, classes, truth) };
}

/**
 * The area under the ROC curve of two classes; of more, the mean of each class that has rows against
 * the rest. And the mean of −ln p. NaN where there is none.
 */
function figuresOf(
  { truth, rankings, losses }: Scored,
  weights?: Float64Array,
): Record<ScoreFigure, number> {
  let areas = 0;
  let defined = 0;
  for (const { column, ranking } of rankings) {
    const area = rocAuc(ranking, truth, column, weights);
    if (Number.isNaN(area)) continue;
    areas += area;
    defined += 1;
  }
  return {
    rocAuc: defined === 0 ? NaN : areas / defined,
    logLoss: losses ? meanOf(losses, weights) : NaN,
  };
}

function meanOf(losses: Float64Array, weights?: Float64Array): number {
  let sum = 0;
  for (let row = 0; row < losses.length; row++) {
    sum += (losses[row] ?? 0) * (weights ? (weights[row] ?? 0) : 1);
  }
  return sum / losses.length;
}

export interface ScoreSamples {
  readonly resamples: number;
  readonly values: {
    readonly version: Record<ScoreFigure, number>;
    readonly production: Record<ScoreFigure, number>;
  };
  readonly version: Samples<ScoreFigure>;
  readonly production: Samples<ScoreFigure>;
  readonly difference: Samples<ScoreFigure>;
}

/** Both figures of both versions on the same draws of the rows. */
export function bootstrapScores(
  version: Float64Array | undefined,
  production: Float64Array | undefined,
  rows: ScoredRows,
  random: () => number,
): ScoreSamples {
  const own = version && prepare(version, rows);
  const before = production && prepare(production, rows);
  const { length } = rows.truth;
  const whole = own ? resamplesFor(length * (own.rankings.length + 1)) : 0;
  const resamples = own && whole === 0 ? resamplesFor(length) : whole;
  // Where ranking again and again takes too long, the areas have no interval.
  const drawnOf = (scored: Scored): Scored => (whole === 0 ? { ...scored, rankings: [] } : scored);
  const weights = new Float64Array(rows.truth.length);
  const samples = {
    version: room(SCORE_FIGURES, resamples),
    production: room(SCORE_FIGURES, resamples),
    difference: room(SCORE_FIGURES, resamples),
  };
  for (let resample = 0; resample < resamples; resample++) {
    drawRows(weights, random);
    const now = own ? figuresOf(drawnOf(own), weights) : NONE;
    const then = before ? figuresOf(drawnOf(before), weights) : NONE;
    for (const name of SCORE_FIGURES) {
      samples.version[name][resample] = now[name];
      samples.production[name][resample] = then[name];
      samples.difference[name][resample] = now[name] - then[name];
    }
  }
  const values = {
    version: own ? figuresOf(own) : NONE,
    production: before ? figuresOf(before) : NONE,
  };
  return { resamples, values, ...samples };
}

const NONE: Record<ScoreFigure, number> = { rocAuc: NaN, logLoss: NaN };
