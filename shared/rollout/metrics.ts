import { answerEvidence, answerVerdict } from './answer-test.ts';
import type { ArmCounts, StageCounts } from './counts.ts';
import { dispersionOf, type PriorDispersion } from './dispersion.ts';
import { addEvidence, logEvidence, logMixture, type Strata, type Table } from './event-test.ts';
import type { LiveFigures } from './figures.ts';
import type { Evidence } from './rollout.ts';
import { shadowEvidence } from './shadow-test.ts';

export type MetricName = 'errors' | 'latency' | 'answers' | 'shadow';

/** Chance that a rollout whose candidate does no harm is rolled back all the same, split over metrics. */
const ALPHA: Readonly<Record<MetricName, number>> = {
  errors: 0.004,
  latency: 0.004,
  answers: 0.001,
  shadow: 0.001,
};

/** The chance for all metrics together. */
export const TOTAL_ALPHA = 0.01;

/** What the test takes for no harm, and what it watches for: its evidence is the mean over these. */
interface Odds {
  readonly tolerated: number;
  readonly watched: readonly number[];
}

/**
 * Errors may not grow at all. Slow runs may, by a quarter (that is 4 % more latency or so): callers stay
 * with a version, so the versions' requests are never quite alike.
 */
const ODDS: Readonly<Record<'errors' | 'latency', Odds>> = {
  errors: { tolerated: 1, watched: [1.5, 2, 3, 4.5, 7, 12] },
  latency: { tolerated: 1.25, watched: [2, 3, 4.5, 7, 12] },
};

/**
 * Log e-value that one block may add: no few seconds of one instance convict a version alone, so one
 * hiccup doesn't, however many requests it hits, unless those that follow say the same.
 */
const BLOCK_MAX = 2;

/** Failures come in bursts, slow runs in longer ones; chosen by bench/rollout. */
const PRIOR: Readonly<Record<'errors' | 'latency', PriorDispersion>> = {
  errors: { value: 1.2, batches: 4 },
  latency: { value: 2, batches: 4 },
};

/** What one metric says of the whole rollout so far. */
export interface Metric {
  readonly name: MetricName;
  readonly logE: number;
  /** What `logE` must reach to take the candidate back. */
  readonly bound: number;
  /** For people: the candidate's figure, and production's. */
  readonly finding: string;
}

export interface Tested {
  readonly evidence: Evidence;
  readonly metrics: readonly Metric[];
  readonly dispersion: Readonly<Record<'errors' | 'latency', number>>;
}

/** Runs every metric's test on a stage's counts and adds what earlier stages left. */
export function test({
  counts,
  figures,
  earlier,
  slowMs,
}: {
  readonly counts: readonly StageCounts[];
  readonly figures: LiveFigures;
  readonly earlier: Evidence;
  readonly slowMs: number | undefined;
}): Tested {
  const errors = testEvents('errors', strataOf(counts, errorsOf), earlier);
  const latency = testEvents('latency', strataOf(counts, slowOf), earlier);
  const answers = answerEvidence(counts, earlier);
  const shadow = addEvidence(earlier.shadow, shadowEvidence(figures.shadow));
  const evidence: Evidence = {
    ...answers,
    errors: errors.logs,
    latency: latency.logs,
    ...((earlier.shadow ?? figures.shadow.compared > 0) && { shadow }),
  };
  const { production, candidate } = figures;
  const common = answerVerdict(evidence);
  return {
    evidence,
    dispersion: { errors: errors.dispersion, latency: latency.dispersion },
    metrics: [
      metric(
        'errors',
        logMixture(errors.logs),
        `${failing(candidate)} of the candidate's requests failed, ${failing(production)} of production's`,
      ),
      metric(
        'latency',
        logMixture(latency.logs),
        `${slowness(candidate)} of the candidate's runs took longer than production's p95 of ${shown(slowMs)} ms, ${slowness(production)} of production's`,
      ),
      metric(
        'answers',
        common.logE,
        `the candidate answers ${common.label === '' || common.label === undefined ? 'rare labels' : `\`${common.label}\``} far ${common.direction === 'less' ? 'less' : 'more'} often than production`,
      ),
      metric(
        'shadow',
        logMixture(evidence.shadow ?? [0]),
        `${figures.shadow.disagreed} of ${figures.shadow.compared} copies were answered with another label`,
      ),
    ],
  };
}

function metric(name: MetricName, logE: number, finding: string): Metric {
  return { name, logE, bound: -Math.log(ALPHA[name]), finding };
}

function testEvents(name: 'errors' | 'latency', strata: Strata, earlier: Evidence) {
  const dispersion = dispersionOf(strata, PRIOR[name]);
  const logs = logEvidence(strata, {
    ...ODDS[name],
    dispersion,
    blockMax: BLOCK_MAX,
  });
  return { dispersion, logs: addEvidence(earlier[name], logs) };
}

interface Watched {
  readonly of: number;
  readonly events: number;
  readonly repeats: number;
}

function errorsOf({ requests, errors, errorsAgain = 0 }: ArmCounts): Watched {
  return { of: requests, events: errors, repeats: errorsAgain };
}

function slowOf({ timed, slow, slowAgain = 0 }: ArmCounts): Watched {
  return { of: timed, events: slow, repeats: slowAgain };
}

/** What a caller repeats is told apart: neither a failure nor a request. */
function tableOf(candidate: Watched, production: Watched): Table {
  return {
    candidate: candidate.of - candidate.repeats,
    candidateEvents: candidate.events - candidate.repeats,
    candidateRepeats: candidate.repeats,
    production: production.of - production.repeats,
    productionEvents: production.events - production.repeats,
    productionRepeats: production.repeats,
  };
}

function strataOf(counts: readonly StageCounts[], watched: (arm: ArmCounts) => Watched): Strata {
  return counts.map(({ blocks }) =>
    blocks.map((block) => tableOf(watched(block.candidate), watched(block.production))),
  );
}

function failing({ errors, requests }: ArmCounts): string {
  return `${errors} of ${requests}${percentOf(errors, requests)}`;
}

function slowness({ slow, timed }: ArmCounts): string {
  return `${slow} of ${timed}${percentOf(slow, timed)}`;
}

function percentOf(part: number, all: number): string {
  return all === 0 ? '' : ` (${((100 * part) / all).toFixed(1)} %)`;
}

function shown(ms: number | undefined): string {
  return ms === undefined ? '?' : ms.toPrecision(3);
}
