import type { StageCounts } from './counts.ts';
import { figuresOf, type LiveFigures } from './figures.ts';
import { type Metric, type Tested, test } from './metrics.ts';
import type { Evidence, Judgement, Rollout } from './rollout.ts';

/** Runs of production after which its p95 is frozen. */
const FREEZE_AFTER = 100;

/** Times `minRequests` that a stage is held at most because harm may be building up. */
const PATIENCE = 10;

/** Times `minSeconds` that a stage is held at most because too few runs could be timed. */
const LATENCY_PATIENCE = 3;

/** A candidate with so few failures may have met one bad caller. */
const MIN_FAILURES = 10;

export interface Judged {
  readonly judgement: Judgement;
  /** What the rollout's evidence is, this stage with it: to be kept when the stage ends. */
  readonly evidence: Evidence;
  /** Production's p95 in ms, when it is time to freeze it. */
  readonly slowMs?: number;
}

interface Looked {
  readonly rollout: Rollout;
  readonly figures: LiveFigures;
  readonly tested: Tested;
  readonly now: number;
}

/**
 * What to do about a rollout that is active, by what all instances counted in its stage; counts of
 * other stages and rollouts are passed over. `now` in ms. Nothing is decided here but by the figures:
 * asked again with the same, it says the same.
 */
export function judge({
  rollout,
  counts,
  now,
}: {
  readonly rollout: Rollout;
  readonly counts: readonly StageCounts[];
  readonly now: number;
}): Judged {
  const own = counts.filter(
    ({ key, stage }) => key === rollout.id && stage === rollout.stage.number,
  );
  const figures = figuresOf(own);
  const tested = test({ counts: own, figures, earlier: rollout.evidence, slowMs: rollout.slowMs });
  const looked: Looked = { rollout, figures, tested, now };
  const { production } = figures;
  const freezes = rollout.slowMs === undefined && production.latency.count >= FREEZE_AFTER;
  return {
    judgement: {
      at: new Date(now).toISOString(),
      ...decide(looked),
      figures: eventFigures(looked),
    },
    evidence: tested.evidence,
    ...(freezes && production.p95 !== undefined && { slowMs: production.p95 }),
  };
}

function decide(looked: Looked): Pick<Judgement, 'decision' | 'why'> {
  const { rollout, figures, tested } = looked;
  const harm = tested.metrics.find(({ logE, bound }) => logE >= bound);
  if (harm) return { decision: 'rollBack', why: harmText(harm, looked) };
  const early = whatIsMissing(looked);
  if (!early && mostlyFails(figures)) return { decision: 'rollBack', why: failsText(figures) };
  const { status } = rollout;
  const waits = status.state === 'paused' ? `paused: ${status.why}` : (early ?? doubtsOf(looked));
  return waits === undefined
    ? { decision: 'advance', why: advanceText(looked) }
    : { decision: 'hold', why: waits };
}

/** How many requests the stage wants, and has had. */
function progressOf({ rollout, figures }: Looked): { wanted: number; seen: number } {
  const { plan, stage } = rollout;
  return stage.kind === 'shadow'
    ? { wanted: plan.shadow?.minRequests ?? plan.minRequests, seen: figures.shadow.compared }
    : { wanted: plan.minRequests, seen: figures.candidate.requests };
}

/** Why it is too early for the stage to end; undefined: it isn't. */
function whatIsMissing(looked: Looked): string | undefined {
  const { plan, stage } = looked.rollout;
  const { wanted, seen } = progressOf(looked);
  if (seen < wanted) {
    const what = stage.kind === 'shadow' ? 'copies are compared' : 'requests are through';
    return `${seen} of ${wanted} ${what}`;
  }
  const seconds = secondsOf(looked);
  return seconds >= plan.minSeconds
    ? undefined
    : `${Math.floor(seconds)} of ${plan.minSeconds} seconds are over`;
}

/** Why a stage that has had its time, without proven harm, is held all the same; undefined: it isn't. */
function doubtsOf(looked: Looked): string | undefined {
  const { rollout, figures, tested } = looked;
  const { candidate } = figures;
  const { wanted, seen } = progressOf(looked);
  if (seen >= PATIENCE * wanted) return undefined;
  const building = tested.metrics.find(({ logE, bound }) => logE >= bound / 2);
  if (building) {
    return `${building.name}: harm is neither proven nor unlikely: ${building.finding}; ${evidenceText(building)}`;
  }
  // With so little traffic that this takes much longer than the step, latency stays unjudged.
  if (secondsOf(looked) >= LATENCY_PATIENCE * rollout.plan.minSeconds) return undefined;
  if (rollout.slowMs === undefined) return `production’s p95 is known after ${FREEZE_AFTER} runs`;
  if (candidate.timed < wanted / 2 && seen < 2 * wanted) {
    return `${candidate.timed} of the candidate’s runs could be timed, of ${Math.ceil(wanted / 2)}`;
  }
  return undefined;
}

/** Since the stage began. */
function secondsOf({ rollout, now }: Looked): number {
  return (now - Date.parse(rollout.stage.startedAt)) / 1000;
}

/**
 * More than half fail, far more than in production, though the test could not prove it: they come from
 * few callers, whose fault it may be. To take it back then costs less than to be wrong.
 */
function mostlyFails({ production, candidate }: LiveFigures): boolean {
  const rate = candidate.errorRate ?? 0;
  return candidate.errors >= MIN_FAILURES && rate > 0.5 && rate > 2 * (production.errorRate ?? 0);
}

function failsText({ candidate, production }: LiveFigures): string {
  return `errors: ${candidate.errors} of ${candidate.requests} of the candidate's requests failed, ${production.errors} of ${production.requests} of production's; they are of too few callers to prove whose fault it is, so it is taken back to be safe`;
}

function harmText(harm: Metric, { rollout, figures }: Looked): string {
  return `${harm.name}: ${harm.finding}; ${evidenceText(harm)}, after ${requestsInAll(rollout, figures)} requests of the candidate`;
}

function evidenceText({ logE, bound }: Metric): string {
  return `e-value ${rounded(Math.exp(logE))}, harm is proven at ${rounded(Math.exp(bound))}`;
}

function advanceText({ figures, tested }: Looked): string {
  const most = tested.metrics.reduce((a, b) => (b.logE - b.bound > a.logE - a.bound ? b : a));
  return `no harm found in ${figures.candidate.requests} requests; most suspect is ${most.name}: ${evidenceText(most)}`;
}

/** The candidate's requests of all stages. */
function requestsInAll({ judgement, stage }: Rollout, { candidate }: LiveFigures): number {
  const before = stage.number === 0 ? undefined : judgement?.figures.requestsInAll;
  return (typeof before === 'number' ? before : 0) + candidate.requests;
}

/** What stands in the event: flat, numbers of four digits. */
function eventFigures({ rollout, figures, tested }: Looked): Record<string, number | string> {
  const { production, candidate, shadow } = figures;
  const numbers: Record<string, number | undefined> = {
    stage: rollout.stage.number,
    percent: rollout.stage.percent,
    requests: candidate.requests,
    requestsInAll: requestsInAll(rollout, figures),
    productionRequests: production.requests,
    errors: candidate.errors,
    productionErrors: production.errors,
    slowMs: rollout.slowMs,
    timed: candidate.timed,
    slow: candidate.slow,
    productionTimed: production.timed,
    productionSlow: production.slow,
    p95Ms: candidate.p95,
    productionP95Ms: production.p95,
    compared: shadow.compared > 0 ? shadow.compared : undefined,
    disagreed: shadow.compared > 0 ? shadow.disagreed : undefined,
    dispersionErrors: tested.dispersion.errors,
    dispersionLatency: tested.dispersion.latency,
  };
  for (const { name, logE } of tested.metrics) {
    numbers[`e${name.charAt(0).toUpperCase()}${name.slice(1)}`] = Math.exp(Math.min(700, logE));
  }
  return Object.fromEntries(
    Object.entries(numbers).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, rounded(value)]],
    ),
  );
}

function rounded(value: number): number {
  return Number.isInteger(value) ? value : Number(value.toPrecision(4));
}
