import { settingOf } from './gate-settings.ts';
import type { GateResult, GateSubject } from './gates.ts';
import type { Robustness } from './robustness.ts';

/** What the model did with inputs that were made to break it. */
export function robustnessFindings({ card, robustness, quality }: GateSubject): GateResult[] {
  const results: GateResult[] = [];
  if (!settingOf(card, 'noCrash').off) results.push(noCrash(robustness));
  const { rows } = robustness;
  if (!rows) return results;
  const flips = settingOf(card, 'maxFlips').bound;
  if (flips !== undefined && rows.rows > 0) results.push(maxFlips(rows, flips));
  if (!settingOf(card, 'noNan').off) {
    results.push(noNan(rows, quality?.task === 'regression' ? quality.notNumbers : 0));
  }
  return results;
}

function noCrash({ probes }: Robustness): GateResult {
  const crashed = probes.filter(({ outcome }) => outcome === 'crashed');
  const names = crashed.map(({ probe, why }) => (why === undefined ? probe : `${probe} (${why})`));
  return {
    gate: 'noCrash',
    result: crashed.length === 0 ? 'passed' : 'failed',
    why:
      crashed.length === 0
        ? 'no probe ended the process that ran the model'
        : `the process that ran the model died of: ${names.join(', ')}`,
    figure: crashed.length,
    bound: 0,
  };
}

type ProbedRows = NonNullable<Robustness['rows']>;

function maxFlips({ rows, flipped, noise, flippedLines }: ProbedRows, bound: number): GateResult {
  const share = flipped / rows;
  const failed = share > bound;
  const counted = `${String(flipped)} of ${String(rows)} rows (${percent(share)})`;
  return {
    gate: 'maxFlips',
    result: failed ? 'failed' : 'passed',
    why: `${counted} are answered with another class when every number moves by ${String(noise)} standard deviations; at most ${percent(bound)} are expected`,
    figure: share,
    bound,
    ...(failed && { lines: flippedLines }),
  };
}

/** `notNumbers`: labelled rows that a regression answers with no finite number, for whatever input. */
function noNan({ nan, nanLines }: ProbedRows, notNumbers: number): GateResult {
  const gate = 'noNan';
  if (nan === 0 && notNumbers > 0) {
    const why = `${String(notNumbers)} labelled rows are answered with no finite number, and are in no figure`;
    return { gate, result: 'unknown', why };
  }
  const failed = nan > 0;
  return {
    gate,
    result: failed ? 'failed' : 'passed',
    why: `${String(nan)} rows of finite numbers are answered with NaN; none is expected`,
    figure: nan,
    bound: 0,
    ...(failed && { lines: nanLines }),
  };
}

function percent(share: number): string {
  return `${String(Number((share * 100).toPrecision(3)))} %`;
}
