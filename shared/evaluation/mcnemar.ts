import { binomialTest, chiSquaredTail } from './distributions.ts';
import type { McNemar } from './quality.ts';

/** From so many rows on which only one of the two is right, the chi-squared approximation is good. */
const CHI_SQUARED_FROM = 25;

/**
 * Whether two classifiers are right equally often on the same rows (McNemar 1947), by the rows that
 * only one of them has right.
 */
export function mcnemar(onlyProductionRight: number, onlyVersionRight: number): McNemar {
  const discordant = onlyProductionRight + onlyVersionRight;
  const found = { onlyProductionRight, onlyVersionRight };
  if (discordant < CHI_SQUARED_FROM) {
    const p = binomialTest(onlyVersionRight, discordant);
    return { ...found, test: 'exact binomial', p };
  }
  const statistic = (Math.abs(onlyProductionRight - onlyVersionRight) - 1) ** 2 / discordant;
  return {
    ...found,
    test: 'chi-squared with continuity correction',
    p: chiSquaredTail(statistic),
  };
}
