import { logNormalizers, type Margins } from './hypergeometric.ts';

/** How often something happened in a block, in both arms. */
export interface Table {
  /** How many were watched. */
  readonly candidate: number;
  readonly production: number;
  /** Of those: where it happened. */
  readonly candidateEvents: number;
  readonly productionEvents: number;
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
  /** Log e-value that one block can add at most; none: unbounded. */
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
 * at `tolerated` and, the likelihood ratio being monotone, at most 1 below it; cutting a block's
 * share off above keeps that. Ville's inequality then bounds the chance that it ever passes 1/α.
 */
export function logEvidence(strata: Strata, test: EventTest): number[] {
  const { tolerated, watched, dispersion, blockMax } = test;
  const odds = [tolerated, ...watched];
  const steps = watched.map((ratio) => Math.log(ratio / tolerated));
  const logs = watched.map(() => 0);
  for (const tables of strata) {
    for (const table of tables) {
      const normalizers = logNormalizers(marginsOf(table), odds);
      const atTolerated = normalizers[0] ?? 0;
      for (let i = 0; i < steps.length; i++) {
        const change = (normalizers[i + 1] ?? 0) - atTolerated;
        const log = table.candidateEvents * (steps[i] ?? 0) - change;
        logs[i] = (logs[i] ?? 0) + Math.min(log / dispersion, blockMax);
      }
    }
  }
  return logs;
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
