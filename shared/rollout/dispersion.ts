import { isInformative, marginsOf, type Strata } from './event-test.ts';
import { momentsOf } from './hypergeometric.ts';

/** What the dispersion is taken for before anything was seen, as so many batches that showed it. */
export interface PriorDispersion {
  readonly value: number;
  readonly batches: number;
}

/** Expected variance that fills a batch: short batches show short dependence, long ones long. */
const BATCH_VARIANCES = [0.5, 1, 2, 4, 8, 16, 32];

/** Odds ratios beyond are taken for these: a fit to next to nothing should not explain everything. */
const MOST_ODDS = 200;

/**
 * How many times more the candidate's events vary than if requests were independent, at least 1, by
 * batch means (as for the output of simulations): neighbouring blocks of an instance are added up to
 * batches, and a batch's squared deviation is held against its variance. Deviations are from what the
 * overall odds ratio predicts, so a candidate that is worse throughout is not taken for a noisy one.
 */
export function dispersionOf(strata: Strata, prior: PriorDispersion): number {
  const odds = overallOdds(strata);
  const residuals = strata.map((tables) =>
    tables.filter(isInformative).map((table) => {
      const { mean, variance } = momentsOf(marginsOf(table), odds);
      return { residual: table.candidateEvents - mean, variance };
    }),
  );
  let most = 1;
  for (const size of BATCH_VARIANCES) {
    let [ratios, batches] = [prior.value * prior.batches, prior.batches];
    for (const sequence of residuals) {
      let [residual, variance] = [0, 0];
      for (const block of sequence) {
        residual += block.residual;
        variance += block.variance;
        if (variance < size) continue;
        ratios += residual ** 2 / variance;
        batches += 1;
        [residual, variance] = [0, 0];
      }
    }
    most = Math.max(most, ratios / batches);
  }
  return most;
}

/** Mantel and Haenszel's estimate over all blocks, with half an event added to either side. */
function overallOdds(strata: Strata): number {
  let [up, down] = [0.5, 0.5];
  for (const tables of strata) {
    for (const { candidate, production, candidateEvents, productionEvents } of tables) {
      const size = Math.max(1, candidate + production);
      up += (candidateEvents * (production - productionEvents)) / size;
      down += (productionEvents * (candidate - candidateEvents)) / size;
    }
  }
  return Math.min(MOST_ODDS, Math.max(1 / MOST_ODDS, up / down));
}
