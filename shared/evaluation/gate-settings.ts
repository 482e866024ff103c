import type { Card } from '../registry/card.ts';

/**
 * Every gate of a card's `gates`, with the bound that counts when the card names none; undefined: it
 * is judged only when the card names one. `false` turns a gate off, `true` means the default.
 *
 * | gate               | the version must                                                             |
 * | ------------------ | ---------------------------------------------------------------------------- |
 * | `minRows`          | have so many labelled rows, else no gate of quality is judged                 |
 * | `betterThanChance` | beat always answering the same: the lower bound of balanced accuracy (of R² for a regression) above that |
 * | `notWorse`         | have a lower bound of macro F1 no lower than production's by more than that; of a regression: an upper bound of RMSE no higher by more than that share; and not be worse beyond the paired difference's interval |
 * | `minF1`            | reach that F1 of the positive class; default: the class's share of the rows, which guessing at that rate reaches, at most a half |
 * | `minAccuracy`, `minMacroF1`, `minRocAuc`, `minR2` | reach that figure                             |
 * | `maxLogLoss`, `maxRmse`, `maxMae`                 | stay within that figure                       |
 * | `maxFlips`         | answer at most that share of the rows otherwise under small noise             |
 * | `noNan`            | never answer NaN for finite input                                             |
 * | `noCrash`          | survive every probe                                                           |
 * | `p95Ms`, `loadMs`, `bytes` | stay within that; default: the card's `budgets`                       |
 */
export const GATES = {
  minRows: 100,
  betterThanChance: 0,
  notWorse: 0.01,
  minF1: undefined,
  minAccuracy: undefined,
  minMacroF1: undefined,
  minRocAuc: undefined,
  maxLogLoss: undefined,
  maxRmse: undefined,
  maxMae: undefined,
  minR2: undefined,
  maxFlips: 0.02,
  noNan: 0,
  noCrash: 0,
} as const satisfies Readonly<Record<string, number | undefined>>;

export const BUDGET_GATES = ['p95Ms', 'loadMs', 'bytes'] as const;

export type BudgetGate = (typeof BUDGET_GATES)[number];
export type Gate = keyof typeof GATES | BudgetGate;

/** Those that are met or not: only on, off or left out make sense. */
const SWITCHES: readonly string[] = ['betterThanChance', 'noNan', 'noCrash'];

/** How a card sets a gate. */
export interface GateSetting {
  /** The card says false. */
  readonly off: boolean;
  /** The card's, else the budget, else the default; undefined: there is none. */
  readonly bound: number | undefined;
  /** Why what the card says is not understood; the default counts then. */
  readonly problem?: string;
}

export function settingOf(card: Pick<Card, 'gates' | 'budgets'>, gate: Gate): GateSetting {
  const given = card.gates?.[gate];
  const fallback = isBudget(gate) ? card.budgets?.[gate] : GATES[gate];
  if (given === false) return { off: true, bound: undefined };
  if (given === undefined || given === true) return { off: false, bound: fallback };
  if (SWITCHES.includes(gate)) {
    return { off: false, bound: fallback, problem: 'expected true or false' };
  }
  if (typeof given !== 'number' || !Number.isFinite(given)) {
    return { off: false, bound: fallback, problem: 'expected a number or false' };
  }
  return { off: false, bound: given };
}

function isBudget(gate: Gate): gate is BudgetGate {
  return (BUDGET_GATES as readonly string[]).includes(gate);
}
