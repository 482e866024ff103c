import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Random } from '../rollout/random.ts';
import { meanOf, mostOf } from './figures.ts';
import type { FleetSettings } from './fleet.ts';
import { flexHttp, flexQueue } from './flex-scaler.ts';
import { keda } from './keda-scaler.ts';
import type { Plan } from './plans.ts';
import type { Scaler } from './scaler.ts';
import { simulate } from './simulate.ts';
import type { Arrival, Trace } from './traces.ts';
import { runOf, WORKLOADS } from './workloads.ts';

const pace = { idleMs: 20_000, httpStep: 3 };
const SCALERS: Record<string, () => Scaler> = {
  flexHttp: () => flexHttp(4, pace),
  flexQueue: () => flexQueue(2, pace),
  keda: () =>
    keda({
      queueLength: 1,
      http: { by: 'inFlight', target: 4 },
      pollingMs: 10_000,
      steps: 'kubernetes',
    }),
};

function planOf(changes: Partial<FleetSettings>): Plan {
  const settings: FleetSettings = {
    cores: 1,
    startMs: 2_000,
    minimum: 0,
    maximum: 8,
    queue: { batchSize: 1, newBatchThreshold: 0, maxPollingMs: 2_000 },
    routing: 'fewest',
    scaler: () => flexHttp(4, pace),
    ...changes,
  };
  return {
    name: 'one fleet',
    fleets: [{ kinds: ['http', 'chunk'], settings }],
    timersEveryMs: [],
    billing: { kind: 'dedicated' },
  };
}

function traceOf(arrivals: readonly Arrival[], durationMs: number): Trace {
  return { name: 'own', about: '', durationMs, arrivals };
}

function poisson(perSecond: number, seconds: number): Trace {
  const random = new Random(7);
  const arrivals: Arrival[] = [];
  for (let at = 0; ; ) {
    at += random.exponential(1_000 / perSecond);
    if (at >= seconds * 1_000) return traceOf(arrivals, seconds * 1_000);
    arrivals.push({ at, kind: 'http' });
  }
}

/** A plan whose instances stay as many as there are. */
function fixed(instances: number, cores: number): Plan {
  return planOf({ cores, minimum: instances, maximum: instances });
}

const bursts = fc.array(
  fc.record({
    at: fc.integer({ min: 0, max: 60_000 }),
    kind: fc.constantFrom('http' as const, 'chunk' as const),
    count: fc.integer({ min: 1, max: 60 }),
  }),
  { maxLength: 8 },
);

describe('each arrival has one fate', () => {
  test('whatever comes, wherever', () => {
    fc.assert(
      fc.property(
        bursts,
        fc.record({
          scaler: fc.constantFrom(...Object.keys(SCALERS)),
          cores: fc.constantFrom(0.25, 1, 2),
          minimum: fc.integer({ min: 0, max: 2 }),
          maximum: fc.integer({ min: 2, max: 5 }),
          perInstanceRequests: fc.constantFrom(1, 4, 1_000),
          batchSize: fc.integer({ min: 1, max: 4 }),
          newBatchThreshold: fc.integer({ min: 0, max: 2 }),
          routing: fc.constantFrom('fewest' as const, 'most' as const),
        }),
        (groups, { scaler, batchSize, newBatchThreshold, ...chosen }) => {
          const arrivals = groups
            .flatMap(({ at, kind, count }) => Array.from({ length: count }, () => ({ at, kind })))
            .sort((one, other) => one.at - other.at);
          const make = SCALERS[scaler];
          if (!make) throw new Error(scaler);
          const plan = planOf({
            ...chosen,
            scaler: make,
            queue: { batchSize, newBatchThreshold, maxPollingMs: 2_000 },
          });
          const outcome = simulate({
            plan,
            trace: traceOf(arrivals, 90_000),
            workload: WORKLOADS.mlp,
          });
          for (const kind of ['http', 'chunk'] as const) {
            const fates = kind === 'http' ? outcome.requests : outcome.chunks;
            const { arrived, served, refused, timedOut, unfinished } = fates;
            expect(arrived).toBe(arrivals.filter((each) => each.kind === kind).length);
            expect(served + refused + timedOut + unfinished).toBe(arrived);
          }
          expect(outcome.waits).toHaveLength(outcome.requests.served);
          expect(outcome.waits.every(({ ms }) => ms >= 0)).toBe(true);
        },
      ),
      { numRuns: 150 },
    );
  });

  test('there are never more instances than the maximum', () => {
    const arrivals = Array.from({ length: 300 }, () => ({ at: 0, kind: 'http' as const }));
    const plan = planOf({ perInstanceRequests: 1, scaler: () => flexHttp(1, pace) });
    const trace = traceOf(arrivals, 10_000);
    const { sizes } = simulate({ plan, trace, workload: WORKLOADS.text });
    expect(sizes[0]?.map(({ count }) => count)).toEqual([1, 4, 7, 8]);
  });

  test('a full queue refuses, and a wait that is too long ends', () => {
    const at = (from: number, count: number): Arrival[] =>
      Array.from({ length: count }, () => ({ at: from, kind: 'http' }));
    const run = (plan: Plan, count: number) =>
      simulate({ plan, trace: traceOf(at(0, count), 1_000), workload: WORKLOADS.text }).requests;
    // One runs, 1,000 wait.
    expect(run(fixed(1, 1), 1_500)).toMatchObject({ served: 1_001, refused: 499, timedOut: 0 });
    // At a quarter of the speed and slower still, the queue's last wait for more than a minute.
    const slow = run(fixed(1, 0.05), 1_000);
    const lasts = runOf(WORKLOADS.text, 1) / 0.05;
    expect(slow.served).toBe(Math.floor(60_000 / lasts) + 1);
    expect(slow.timedOut).toBe(1_000 - slow.served);
    // Held for more than 230 s: an instance that takes as long to start finds nobody.
    expect(run(planOf({ startMs: 231_000 }), 3)).toMatchObject({ served: 0, timedOut: 3 });
  });
});

describe('waiting is what queueing theory says', () => {
  const service = runOf(WORKLOADS.text, 1);

  function meanWait(plan: Plan, perSecond: number): number {
    const trace = poisson(perSecond, 3_000);
    const { waits } = simulate({ plan, trace, workload: WORKLOADS.text });
    return waits.reduce((sum, { ms }) => sum + ms, 0) / waits.length;
  }

  test.each([0.3, 0.6, 0.8])(
    'one server, fixed service, load %p: Pollaczek and Khinchine',
    (load) => {
      const expected = (load * service) / (2 * (1 - load));
      const found = meanWait(fixed(1, 1), (load / service) * 1_000);
      expect(Math.abs(found / expected - 1)).toBeLessThan(0.05);
    },
  );

  test('two servers: Erlang’s C, corrected for fixed service as Cosmetatos does', () => {
    const load = 0.75;
    const [c, offered] = [2, 2 * load];
    const last = offered ** c / (2 * (1 - load));
    const waits = last / (1 + offered + last);
    const random = (waits * service) / (c * (1 - load));
    const factor = ((1 - load) * (c - 1) * (Math.sqrt(4 + 5 * c) - 2)) / (16 * load * c);
    const expected = 0.5 * (1 + factor) * random;
    const found = meanWait(fixed(1, 2), ((c * load) / service) * 1_000);
    expect(Math.abs(found / expected - 1)).toBeLessThan(0.05);
  });
});

describe('small traces, by hand', () => {
  test('33 requests at once at 16 each: one instance at once, three from the next look', () => {
    const trace = traceOf(
      Array.from({ length: 33 }, () => ({ at: 500, kind: 'http' as const })),
      10_000,
    );
    const plan = planOf({
      perInstanceRequests: 16,
      scaler: () => flexHttp(16, { idleMs: 300_000, httpStep: Number.POSITIVE_INFINITY }),
    });
    const outcome = simulate({ plan, trace, workload: WORKLOADS.text });
    expect(outcome.sizes).toEqual([
      [
        { at: 500, count: 1 },
        { at: 1_000, count: 3 },
      ],
    ]);
    // Started at 500, ready at 2,500: 16 go in, each of the others when one has left.
    const first = Math.min(...outcome.waits.map(({ ms }) => ms));
    const last = Math.max(...outcome.waits.map(({ ms }) => ms));
    expect(first).toBe(2_000);
    expect(last).toBeCloseTo(2_000 + 32 * runOf(WORKLOADS.text, 1), 6);
    expect(outcome.cold).toBe(33);
  });

  test('10 chunks of a second: four instances, two rounds, then two', () => {
    const trace = traceOf(
      Array.from({ length: 10 }, () => ({ at: 0, kind: 'chunk' as const })),
      60_000,
    );
    const plan = planOf({
      startMs: 2_000,
      scaler: () => flexQueue(1, { idleMs: 300_000, httpStep: 1 }),
    });
    const outcome = simulate({ plan, trace, workload: WORKLOADS.mlp });
    expect(outcome.sizes).toEqual([[{ at: 30_000, count: 4 }]]);
    // 30 s to the look, 2 to start; three rounds of 0.2 + 1 + 0.2 s.
    expect(outcome.batchMs).toBeCloseTo(30_000 + 2_000 + 3 * 1_400, 6);
  });

  test('a chunk in pieces fills both threads of an instance', () => {
    const trace = traceOf([{ at: 0, kind: 'chunk' }], 10_000);
    const outcome = simulate({ plan: fixed(1, 2), trace, workload: WORKLOADS.mlp });
    // Noticed within the polling interval; then 0.2 + 0.5 + 0.2 s.
    const worked = (outcome.batchMs ?? 0) - 900;
    expect(worked).toBeGreaterThanOrEqual(0);
    expect(worked).toBeLessThan(2_000);
  });

  test('requests go before pieces', () => {
    const trace = traceOf(
      [
        { at: 0, kind: 'chunk' },
        { at: 5_000, kind: 'http' },
      ],
      60_000,
    );
    const workload = WORKLOADS.text;
    const { waits } = simulate({ plan: fixed(1, 1), trace, workload });
    expect(waits[0]?.ms).toBeLessThanOrEqual(100);
  });

  test('what was wanted stays for as long as it is kept, then goes', () => {
    const trace = traceOf([{ at: 0, kind: 'http' }], 60_000);
    const { sizes } = simulate({ plan: planOf({}), trace, workload: WORKLOADS.text });
    // Looked at with work until it is answered at 2,006.9 ms; arrivals are seen until 3 s.
    expect(sizes).toEqual([
      [
        { at: 0, count: 1 },
        { at: 23_000, count: 0 },
      ],
    ]);
  });
});

test('the mean of instances is weighed by time', () => {
  const sizes = [
    { at: 0, count: 1 },
    { at: 250, count: 4 },
    { at: 500, count: 0 },
  ];
  expect(meanOf(sizes, 1_000)).toBe(1.25);
});

test('the most instances are those of one time', () => {
  const night = [
    { at: 100, count: 20 },
    { at: 300, count: 0 },
  ];
  const day = [
    { at: 300, count: 1 },
    { at: 900, count: 3 },
  ];
  expect(mostOf([night, day])).toBe(20);
  expect(mostOf([night, [{ at: 200, count: 1 }]])).toBe(21);
  expect(mostOf([[], []])).toBe(0);
});

test('a run is the same whenever it is run, and another for another seed', () => {
  const trace = traceOf([{ at: 5_000, kind: 'chunk' }], 60_000);
  const run = (seed: number) =>
    simulate({ plan: fixed(1, 1), trace, workload: WORKLOADS.mlp, seed }).batchMs;
  expect(run(1)).toBe(run(1));
  expect(run(1)).not.toBe(run(2));
});
