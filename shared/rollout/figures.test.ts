import { expect, test } from '@jest/globals';
import { EMPTY_SKETCH, SketchBuilder } from '../telemetry/latency-sketch.ts';
import type { StageCounts } from './counts.ts';
import { figuresOf } from './figures.ts';

function counted(boot: string, ms: readonly number[]): StageCounts {
  const builder = new SketchBuilder();
  for (const one of ms) builder.add(one);
  return {
    key: 'r1',
    stage: 0,
    boot,
    updatedAt: 0,
    blocks: [
      {
        production: { requests: 10, errors: 1, timed: 9, slow: 1 },
        candidate: { requests: 5, errors: 2, errorsAgain: 1, timed: 3, slow: 2, slowAgain: 1 },
      },
    ],
    latency: { production: builder.sketch(), candidate: EMPTY_SKETCH },
    answers: { production: { a: 3, ['__proto__']: 1 }, candidate: { b: 2 } },
    shadow: {
      compared: 4,
      disagreed: 1,
      dropped: 2,
      numbers: 8,
      distanceSum: 2,
      distanceMax: ms[0] ?? 0,
    },
  };
}

test('figures are those of all instances together', () => {
  const { production, candidate, shadow } = figuresOf([
    counted('a', [1, 2, 3]),
    counted('b', [100]),
  ]);
  expect(production).toMatchObject({
    requests: 20,
    errors: 2,
    errorRate: 0.1,
    answers: { a: 6 },
  });
  expect(Object.entries(production.answers)).toContainEqual(['__proto__', 2]);
  expect(production.p50).toBeCloseTo(2, 1);
  expect(candidate).toMatchObject({ errorsAgain: 2, slow: 4, slowAgain: 2, p95: undefined });
  expect(shadow).toMatchObject({
    compared: 8,
    agreement: 0.75,
    dropped: 4,
    meanDistance: 0.25,
    distanceMax: 100,
  });
});

test('of nothing there are no rates', () => {
  const { production, shadow } = figuresOf([]);
  expect(production).toMatchObject({ requests: 0, errorRate: undefined, p99: undefined });
  expect(shadow).toMatchObject({ agreement: undefined, meanDistance: undefined });
});
