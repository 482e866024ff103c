import { logNormalizers, type Margins } from './hypergeometric.ts';

/** How often something happened in a block, in both arms. */
export interface Table {
  /** How many were watched. */
  readonly candidate: number;
  readonly production: number;
  /** Of those: where it happened. */
  readonly candidateEvents: number;
  readonly productionEvents: number;
  /** Left out of all of the above: events that only repeat the same caller's event before. */
  readonly candidateRepeats?: number;
  readonly productionRepeats?: number;
}

/**
 * By instance, by time: what is compared only within itself, and what follows on what. Those that
 * aren't informative add nothing, and may be left out.
 */
export type Strata = readonly (readonly Table[])[];

export interface EventTest {
  /** Odds of an event in the candidate over production's that are no harm. */
  readonly tolerated: number;
  /** Odds ratios that the test watches for, all above `tolerated`. */
  readonly watched: readonly number[];
  /** How much more the counts vary than independent requests would: divides the evidence. */
  readonly dispersion: number;
  /**
   * Log e-value that one block can add at most. What is beyond is kept, and added by later blocks of the
   * instance as far as their own events, repeats among them, say the same.
   */
  readonly blockMax: number;
}

/** Nothing can be learnt from a block where only one outcome is possible. */
export function isInformative({
  candidate,
  production,
  candidateEvents,
  productionEvents,
}: Table): boolean {
  const events = candidateEvents + productionEvents;
  return candidate > 0 && production > 0 && events > 0 && events < candidate + production;
}

export function marginsOf({
  candidate,
  production,
  candidateEvents,
  productionEvents,
}: Table): Margins {
  return { candidate, production, events: candidateEvents + productionEvents };
}

/**
 * Log e-values against "an event is at most `tolerated` times as likely in the candidate", one for
 * each watched odds ratio: within a block, given its sizes and its events, the likelihood ratio of
 * Fisher's noncentral hypergeometric distributions; over blocks their product. It has expectation 1
 * at `tolerated` and, the likelihood ratio being monotone, at most 1 below it; adding a block's
 * share later, or never, keeps that. Ville's inequality then bounds the chance that it ever passes 1/α.
 */
export function logEvidence(strata: Strata, test: EventTest): number[] {
  const logs = test.watched.map(() => 0);
  for (const sequence of strata) {
    const kept = test.watched.map(() => 0);
    for (const table of sequence) {
      const found = logRatios(table, test);
      const confirmed = hasRepeats(table) ? logRatios(withRepeats(table), test) : found;
      for (const [i, log] of found.entries()) {
        const share = Math.min(log, test.blockMax);
        const room = Math.min(confirmed[i] ?? 0, test.blockMax) - Math.max(0, share);
        const late = Math.min(kept[i] ?? 0, Math.max(0, room));
        kept[i] = (kept[i] ?? 0) + (log - share) - late;
        logs[i] = (logs[i] ?? 0) + share + late;
      }
    }
  }
  return logs;
}

/** Of one block, by watched odds ratio, tempered. */
function logRatios(table: Table, { tolerated, watched, dispersion }: EventTest): number[] {
  if (!isInformative(table)) return watched.map(() => 0);
  const [atTolerated = 0, ...atWatched] = logNormalizers(marginsOf(table), [tolerated, ...watched]);
  return atWatched.map((at, i) => {
    const step = Math.log((watched[i] ?? tolerated) / tolerated);
    return (table.candidateEvents * step - (at - atTolerated)) / dispersion;
  });
}

function hasRepeats({ candidateRepeats = 0, productionRepeats = 0 }: Table): boolean {
  return candidateRepeats + productionRepeats > 0;
}

function withRepeats(table: Table): Table {
  const { candidateRepeats = 0, productionRepeats = 0 } = table;
  return {
    candidate: table.candidate + candidateRepeats,
    candidateEvents: table.candidateEvents + candidateRepeats,
    production: table.production + productionRepeats,
    productionEvents: table.productionEvents + productionRepeats,
  };
}

/** Adds evidence of independent data, point by point. */
export function addEvidence(a: readonly number[] | undefined, b: readonly number[]): number[] {
  return b.map((log, i) => log + (a?.[i] ?? 0));
}

/** Log of the mean of e-values that are given as logs: an e-value again, of all alternatives at once. */
export function logMixture(logs: readonly number[]): number {
  const most = Math.max(...logs);
  if (!Number.isFinite(most)) return 0;
  let sum = 0;
  for (const log of logs) sum += Math.exp(log - most);
  return most + Math.log(sum / logs.length);
}
