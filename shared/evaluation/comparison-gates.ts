import { settingOf } from './gate-settings.ts';
import type { GateResult, GateSubject } from './gates.ts';
import type { Figure, Quality } from './quality.ts';
import { short, written } from './written.ts';

/**
 * The version against production on the same rows, by macro F1 or RMSE. It fails when the bad end of
 * its interval is worse than that of production's by more than the tolerance, and the paired
 * difference leaves no doubt that it is worse: without that, one of four equal models would fail on
 * some hundred rows. When it is worse on these rows and either may be true, nobody can tell:
 * `unknown`, so a person decides.
 */
export function comparisonFindings(card: GateSubject['card'], quality: Quality): GateResult[] {
  const { bound } = settingOf(card, 'notWorse');
  const pair = pairOf(quality);
  if (bound === undefined || !pair) return [];
  const { what, version, production, difference, lines } = pair;
  // A figure that grows with the error is turned round; its tolerance is a share of production's.
  const sign = pair.growsWithError ? -1 : 1;
  const tolerance = pair.growsWithError ? bound * production.value : bound;
  const worst = sign * (bad(version, sign) - bad(production, sign));
  const paired = sign * bad(difference, sign);
  const tooLow = !(worst >= -tolerance);
  const isWorse = !(sign * good(difference, sign) >= 0);
  const failed = tooLow && isWorse;
  const open = !failed && sign * difference.value < 0 && (tooLow || paired < -tolerance);
  const allowed = pair.growsWithError ? `${short(bound * 100)} %` : short(bound);
  const why = `${what} is ${written(version)}, production's on the same rows ${written(production)}, the difference ${written(difference)}; no worse by more than ${allowed} is expected${open ? ', and so few rows can’t tell' : ''}`;
  return [
    {
      gate: 'notWorse',
      result: failed ? 'failed' : open ? 'unknown' : 'passed',
      why,
      figure: sign * worst,
      bound: -sign * tolerance,
      ...(failed && lines.length > 0 && { lines }),
    },
  ];
}

interface Pair {
  readonly what: string;
  readonly growsWithError: boolean;
  readonly version: Figure;
  readonly production: Figure;
  readonly difference: Figure;
  readonly lines: readonly number[];
}

function pairOf(quality: Quality): Pair | undefined {
  const lines = quality.lookAt.map(({ line }) => line);
  if (quality.task === 'classification') {
    const { comparison } = quality;
    return (
      comparison && {
        what: 'macro F1',
        growsWithError: false,
        version: quality.figures.macro.f1,
        production: comparison.production.macro.f1,
        difference: comparison.difference.macro.f1,
        lines,
      }
    );
  }
  const { comparison } = quality;
  return (
    comparison && {
      what: 'RMSE',
      growsWithError: true,
      version: quality.figures.rmse,
      production: comparison.production.rmse,
      difference: comparison.difference.rmse,
      lines,
    }
  );
}

/** The end of the interval that is to its disadvantage. */
function bad({ value, low, high }: Figure, sign: number): number {
  return (sign > 0 ? low : high) ?? value;
}

/** The other one. */
function good({ value, low, high }: Figure, sign: number): number {
  return (sign > 0 ? high : low) ?? value;
}
