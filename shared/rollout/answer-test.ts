import type { AnswerCounts, StageCounts } from './counts.ts';
import { addEvidence, logEvidence, logMixture, type Strata } from './event-test.ts';
import type { Evidence } from './rollout.ts';

/** Labels that are looked at one by one; the rest count as one. */
const MAX_LABELS = 16;

/** Every label and the rest, each for too many and too few. */
const TESTS = 2 * (MAX_LABELS + 1);

/**
 * A label's odds may differ by this factor: a better model answers differently too, and with few
 * callers in an arm the mix of requests does. Beyond, the candidate answers something else.
 */
const TOLERATED_ODDS = 3;
const WATCHED = [1.5, 2.5, 5, 20].map((factor) => factor * TOLERATED_ODDS);

/** A caller's answers are alike, also where they change; there are no blocks to measure by how much. */
const DISPERSION = 4;

const PREFIX = 'answers';

/**
 * Evidence that the candidate gives some label far more or far less often than production, by label
 * and direction, that of earlier stages with it. An instance is a stratum.
 */
export function answerEvidence(counts: readonly StageCounts[], earlier: Evidence): Evidence {
  const evidence = Object.fromEntries(
    Object.entries(earlier).filter(([key]) => key.startsWith(PREFIX)),
  );
  const labels = commonLabels(counts);
  for (const label of [...labels, undefined]) {
    const named = new Set(label === undefined ? labels : [label]);
    const matches = (one: string) => named.has(one) === (label !== undefined);
    const more = counts.map(({ answers }) => {
      const candidate = tally(answers.candidate, matches);
      const production = tally(answers.production, matches);
      return [
        {
          candidate: candidate.all,
          candidateEvents: candidate.matching,
          production: production.all,
          productionEvents: production.matching,
        },
      ];
    });
    const less = more.map((tables) =>
      tables.map((table) => ({
        candidate: table.production,
        candidateEvents: table.productionEvents,
        production: table.candidate,
        productionEvents: table.candidateEvents,
      })),
    );
    const name = label === undefined ? '' : `:${label}`;
    for (const [key, strata] of [
      [`${PREFIX}>${name}`, more],
      [`${PREFIX}<${name}`, less],
    ] as const) {
      const logs = logsOf(strata);
      if (evidence[key] || logs.some((log) => log !== 0)) {
        evidence[key] = addEvidence(evidence[key], logs);
      }
    }
  }
  return evidence;
}

function logsOf(strata: Strata): number[] {
  return logEvidence(strata, {
    tolerated: TOLERATED_ODDS,
    watched: WATCHED,
    dispersion: DISPERSION,
    blockMax: Infinity,
  });
}

/** Log e-value of all labels together (the mean of their e-values), and the label that says most. */
export function answerVerdict(evidence: Evidence): {
  logE: number;
  label?: string;
  direction?: 'more' | 'less';
} {
  const tests = Object.entries(evidence)
    .filter(([key]) => key.startsWith(PREFIX))
    .map(([key, logs]) => ({ key, logE: logMixture(logs) }))
    .sort((a, b) => b.logE - a.logE);
  const [first] = tests;
  if (!first) return { logE: 0 };
  const silent = Array.from({ length: Math.max(0, TESTS - tests.length) }, () => 0);
  return {
    logE: logMixture([...tests.map(({ logE }) => logE), ...silent]),
    label: first.key.slice(PREFIX.length + 2),
    direction: first.key.charAt(PREFIX.length) === '>' ? 'more' : 'less',
  };
}

/** The labels that were given most, of both arms together. */
function commonLabels(counts: readonly StageCounts[]): string[] {
  const times = new Map<string, number>();
  for (const { answers } of counts) {
    for (const arm of [answers.production, answers.candidate]) {
      for (const [label, count] of Object.entries(arm)) {
        times.set(label, (times.get(label) ?? 0) + count);
      }
    }
  }
  return [...times.entries()]
    .sort(([a, timesA], [b, timesB]) => timesB - timesA || (a < b ? -1 : 1))
    .slice(0, MAX_LABELS)
    .map(([label]) => label);
}

function tally(
  answers: AnswerCounts,
  matches: (label: string) => boolean,
): { all: number; matching: number } {
  let [all, matching] = [0, 0];
  for (const [label, times] of Object.entries(answers)) {
    all += times;
    if (matches(label)) matching += times;
  }
  return { all, matching };
}
