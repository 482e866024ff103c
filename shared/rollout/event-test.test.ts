import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { logEvidence, logMixture, marginsOf, type Table } from './event-test.ts';
import { logProbability } from './hypergeometric.ts';

const WATCHED = [1.5, 3, 12];

/** Every split of the events between the arms, with its probability when the odds are `odds`. */
function splits(
  { candidate, production, events }: ReturnType<typeof marginsOf>,
  odds: number,
): { table: Table; probability: number }[] {
  const all = [];
  for (let x = Math.max(0, events - production); x <= Math.min(candidate, events); x++) {
    all.push({
      table: { candidate, production, candidateEvents: x, productionEvents: events - x },
      probability: Math.exp(logProbability({ candidate, production, events }, x, odds)),
    });
  }
  return all;
}

const margins = fc
  .tuple(
    fc.integer({ min: 1, max: 30 }),
    fc.integer({ min: 1, max: 100 }),
    fc.double({ min: 0, max: 1, noNaN: true }),
  )
  .map(([candidate, production, part]) => ({
    candidate,
    production,
    events: Math.round(part * (candidate + production)),
  }));

describe('the e-value of a block', () => {
  test('has expectation 1 at the tolerated odds, and at most 1 below', () => {
    fc.assert(
      fc.property(
        margins,
        fc.double({ min: 1, max: 3, noNaN: true }),
        fc.double({ min: 0.05, max: 1, noNaN: true }),
        (sizes, tolerated, part) => {
          const watched = WATCHED.map((odds) => odds * tolerated);
          const rule = { tolerated, watched, dispersion: 1, blockMax: Infinity };
          const expectationAt = (odds: number) => {
            const sums = WATCHED.map(() => 0);
            for (const { table, probability } of splits(sizes, odds)) {
              for (const [i, log] of logEvidence([[table]], rule).entries()) {
                sums[i] = (sums[i] ?? 0) + probability * Math.exp(log);
              }
            }
            return sums;
          };
          for (const sum of expectationAt(tolerated)) expect(sum).toBeCloseTo(1, 8);
          for (const sum of expectationAt(tolerated * part)) {
            expect(sum).toBeLessThanOrEqual(1 + 1e-9);
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  test('is the ratio of probabilities', () => {
    const table = { candidate: 20, production: 80, candidateEvents: 6, productionEvents: 9 };
    const [log] = logEvidence([[table]], {
      tolerated: 2,
      watched: [5],
      dispersion: 1,
      blockMax: Infinity,
    });
    const sizes = marginsOf(table);
    expect(log).toBeCloseTo(logProbability(sizes, 6, 5) - logProbability(sizes, 6, 2), 12);
  });

  test('multiplies over blocks and instances, is tempered and cut off', () => {
    const table = { candidate: 50, production: 50, candidateEvents: 20, productionEvents: 2 };
    const rule = { tolerated: 1, watched: [4], dispersion: 1, blockMax: Infinity };
    const [one = 0] = logEvidence([[table]], rule);
    expect(one).toBeGreaterThan(4);
    expect(logEvidence([[table, table], [table]], rule)[0]).toBeCloseTo(3 * one, 12);
    expect(logEvidence([[table]], { ...rule, dispersion: 2 })[0]).toBeCloseTo(one / 2, 12);
    expect(logEvidence([[table, table]], { ...rule, blockMax: 2 })[0]).toBe(4);
  });

  test('is cut off, and the rest added as far as later blocks say the same, repeats among them', () => {
    const rule = { tolerated: 1, watched: [12], dispersion: 1, blockMax: 2 };
    const fresh = { candidate: 20, candidateEvents: 20, production: 80, productionEvents: 0 };
    const repeated = {
      ...{ candidate: 0, candidateEvents: 0, candidateRepeats: 20 },
      ...{ production: 80, productionEvents: 0 },
    };
    const sound = { candidate: 20, candidateEvents: 0, production: 80, productionEvents: 1 };
    const [whole = 0] = logEvidence([[fresh]], { ...rule, blockMax: Infinity });
    expect(whole).toBeGreaterThan(8);
    const after = (...tables: Table[]) => logEvidence([[fresh, ...tables]], rule)[0];
    expect(after()).toBe(2);
    expect(after(repeated)).toBe(4);
    expect(after(repeated, repeated)).toBe(6);
    expect(after(...Array<Table>(50).fill(repeated))).toBeCloseTo(whole, 10);
    expect(after(sound)).toBeLessThan(2);
    // Of another instance, it says nothing of this one.
    expect(logEvidence([[fresh], [repeated]], rule)[0]).toBe(2);
  });

  test('says nothing where only one outcome is possible', () => {
    const rule = { tolerated: 1, watched: WATCHED, dispersion: 1, blockMax: Infinity };
    for (const table of [
      { candidate: 0, production: 9, candidateEvents: 0, productionEvents: 3 },
      { candidate: 9, production: 0, candidateEvents: 3, productionEvents: 0 },
      { candidate: 9, production: 9, candidateEvents: 0, productionEvents: 0 },
      { candidate: 9, production: 9, candidateEvents: 9, productionEvents: 9 },
    ]) {
      for (const log of logEvidence([[table]], rule)) expect(log).toBeCloseTo(0, 12);
    }
  });
});

test('a mixture is the mean, however large the values', () => {
  expect(logMixture([Math.log(1), Math.log(3)])).toBeCloseTo(Math.log(2), 12);
  expect(logMixture([1000, 1000])).toBe(1000);
  expect(logMixture([])).toBe(0);
});
