import { describe, expect, test } from '@jest/globals';
import { autoscale } from './autoscale-scaler.ts';
import { flexHttp, flexQueue } from './flex-scaler.ts';
import { keda } from './keda-scaler.ts';
import type { Observation, Scaler } from './scaler.ts';

const NOTHING: Observation = {
  now: 0,
  instances: 0,
  requests: 0,
  arrived: 0,
  messages: 0,
  saturation: 0,
  cpu: 0,
};

const pace = { idleMs: 300_000, httpStep: Number.POSITIVE_INFINITY };

/** Looks until `untilMs`, the fleet following at once; what there was after each change, by time. */
function follow(
  scaler: Scaler,
  untilMs: number,
  seen: (now: number, instances: number) => Partial<Observation>,
  instances = 0,
): [at: number, instances: number][] {
  const changes: [number, number][] = [];
  for (let now = scaler.everyMs; now <= untilMs; now += scaler.everyMs) {
    const wanted = scaler.wanted({ ...NOTHING, now, instances, ...seen(now, instances) });
    if (wanted !== instances) changes.push([now, wanted]);
    instances = wanted;
  }
  return changes;
}

describe('Flex Consumption', () => {
  test.each([
    [0, 0],
    [1, 1],
    [16, 1],
    [17, 2],
    [1_600, 100],
  ])('%p requests under way at 16 each want %p instances', (requests, expected) => {
    expect(flexHttp(16, pace).wanted({ ...NOTHING, requests })).toBe(expected);
  });

  test('HTTP may be held to a step a second', () => {
    const scaler = flexHttp(1, { ...pace, httpStep: 1 });
    expect(follow(scaler, 3_000, () => ({ requests: 10 }))).toEqual([
      [1_000, 1],
      [2_000, 2],
      [3_000, 3],
    ]);
  });

  test('a queue of 9 at 2 each: four at the first look, five at the next', () => {
    const scaler = flexQueue(2, pace);
    expect(follow(scaler, 120_000, () => ({ messages: 9 }))).toEqual([
      [30_000, 4],
      [60_000, 5],
    ]);
  });

  test('instances stay for five minutes after they were wanted', () => {
    const scaler = flexHttp(4, pace);
    const changes = follow(scaler, 400_000, (now) => ({ requests: now <= 10_000 ? 12 : 0 }));
    expect(changes).toEqual([
      [1_000, 3],
      [311_000, 0],
    ]);
  });
});

describe('KEDA', () => {
  test('Container Apps: one at the poll, then 4, 8, 16, and 20 where 20 are wanted', () => {
    const scaler = keda({ queueLength: 1, pollingMs: 10_000, steps: 'containerApps' });
    expect(follow(scaler, 120_000, () => ({ messages: 20 }))).toEqual([
      [10_000, 1],
      [25_000, 4],
      [40_000, 8],
      [55_000, 16],
      [70_000, 20],
    ]);
  });

  test('Kubernetes: one at the poll, then four more or twice as many', () => {
    const scaler = keda({ queueLength: 1, pollingMs: 10_000, steps: 'kubernetes' });
    expect(follow(scaler, 120_000, () => ({ messages: 40 }))).toEqual([
      [10_000, 1],
      [25_000, 5],
      [40_000, 10],
      [55_000, 20],
      [70_000, 40],
    ]);
  });

  test.each([
    ['kubernetes', 109, 10],
    ['kubernetes', 111, 12],
    ['containerApps', 101, 11],
  ] as const)('%s: %p messages at 10 each on 10 instances want %p', (steps, messages, expected) => {
    const scaler = keda({ queueLength: 10, pollingMs: 10_000, steps });
    expect(scaler.wanted({ ...NOTHING, now: 15_000, instances: 10, messages })).toBe(expected);
  });

  test('messages ÷ queueLength, rounded up', () => {
    const scaler = keda({ queueLength: 5, pollingMs: 30_000, steps: 'kubernetes' });
    expect(follow(scaler, 60_000, () => ({ messages: 11 })).at(-1)).toEqual([45_000, 3]);
  });

  test('Container Apps’ HTTP rule goes by requests a second, not by those under way', () => {
    const scaler = keda({
      http: { by: 'rate', target: 32 },
      pollingMs: 10_000,
      steps: 'containerApps',
    });
    // 40 in 10 s: one; from 25 s to 40 s 28 a second, to 55 s 40: two.
    const changes = follow(scaler, 60_000, (now) => ({
      arrived: now <= 30_000 ? 20 : 200,
      requests: 1_000,
    }));
    expect(changes).toEqual([
      [10_000, 1],
      [55_000, 2],
    ]);
  });

  test('the add-on’s goes by those under way', () => {
    const scaler = keda({
      http: { by: 'inFlight', target: 32 },
      pollingMs: 10_000,
      steps: 'kubernetes',
    });
    expect(follow(scaler, 60_000, () => ({ requests: 65 })).at(-1)).toEqual([25_000, 3]);
  });

  test('in to the most of the last five minutes', () => {
    const scaler = keda({ queueLength: 1, pollingMs: 10_000, steps: 'containerApps' });
    const changes = follow(scaler, 800_000, (now) => ({
      messages: now <= 100_000 ? 4 : now <= 200_000 ? 2 : 0,
    }));
    expect(changes.slice(0, 2)).toEqual([
      [10_000, 1],
      [25_000, 4],
    ]);
    const [two, none] = changes.slice(2);
    expect(two?.[1]).toBe(2);
    expect(two?.[0]).toBeGreaterThan(400_000);
    expect(none?.[1]).toBe(0);
    expect(none?.[0]).toBeGreaterThan(500_000);
  });
});

describe('autoscale', () => {
  const rules = {
    out: { saturation: 0.7, cpu: 0.8, chunks: 20, windowMinutes: 5, coolDownMinutes: 5 },
    in: { cpu: 0.35, windowMinutes: 15, coolDownMinutes: 15 },
  };
  const minutes = (changes: [number, number][]): [number, number][] =>
    changes.map(([at, instances]) => [at / 60_000, instances]);

  test.each([
    ['saturation', { saturation: 0.71 }],
    ['processors', { cpu: 0.81 }],
    ['a queue', { messages: 1_000 }],
  ])('%s adds one after five minutes, and one each five', (_, seen) => {
    const changes = follow(autoscale(rules), 16 * 60_000, () => seen, 1);
    expect(minutes(changes)).toEqual([
      [5, 2],
      [10, 3],
      [15, 4],
    ]);
  });

  test('below the thresholds nothing is added', () => {
    expect(follow(autoscale(rules), 3_600_000, () => ({ saturation: 0.69, cpu: 0.79 }), 1)).toEqual(
      [],
    );
  });

  test('one is taken away by processor time alone, every 15 minutes', () => {
    const busy = follow(autoscale(rules), 3_600_000, () => ({ saturation: 0.1, cpu: 0.5 }), 3);
    expect(busy).toEqual([]);
    const changes = follow(autoscale(rules), 3_600_000, () => ({ saturation: 0.1, cpu: 0.1 }), 3);
    expect(minutes(changes)).toEqual([
      [15, 2],
      [30, 1],
    ]);
  });

  test('one is not taken away that would have to be added again', () => {
    // 0.4 on two are 0.8 on one.
    const seen = { saturation: 0.4, cpu: 0.1 };
    expect(follow(autoscale(rules), 3_600_000, () => seen, 2)).toEqual([]);
    expect(minutes(follow(autoscale(rules), 20 * 60_000, () => seen, 3))).toEqual([[15, 2]]);
  });
});
