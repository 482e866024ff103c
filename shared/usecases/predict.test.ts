import { describe, expect, test } from '@jest/globals';
import { answer, PredictingInstance, settle, TTL_MS, v } from '../../test/predicting-instance.ts';
import { telling } from '../../test/telling.ts';
import { type Failure, ServingError } from '../errors.ts';
import type { ModelName } from '../ids.ts';
import { routingPoint } from '../registry/routing.ts';

const halfToTwo = { production: v(1), candidate: { version: v(2), percent: 50 } };

/** A key whose requests version 1 or 2 takes at 50 %. */
function keyFor(version: number): string {
  for (let number = 0; ; number++) {
    const key = `caller ${number}`;
    if (routingPoint(key, 'm') < 0.5 === (version === 2)) return key;
  }
}

const fails = (kind: Failure['kind'], more = {}) =>
  Promise.reject(new ServingError({ kind, detail: 'd', ...more } as Failure));

describe('a request while two versions answer', () => {
  test.each([
    ['production', 1],
    ['candidate', 2],
  ] as const)('is looked into and counted for %s, which answered it', async (arm, version) => {
    const instance = new PredictingInstance();
    instance.change({ routing: halfToTwo });
    const routingKey = keyFor(version);
    const { answer, choice } = await instance.predict({ routingKey });
    expect([choice.route, choice.version, [...answer.body]]).toEqual([arm, version, [version]]);
    expect(instance.calls.map(({ job }) => job.observe)).toEqual(['too']);
    expect(instance.saw).toEqual([
      {
        test: expect.objectContaining({ key: 'm~1~2', stage: 0, production: 1, candidate: 2 }),
        arm,
        seen: {
          ok: true,
          inferNs: version * 1e6,
          observed: { labels: [`label ${version}`], numbers: new Map() },
          caller: routingPoint(routingKey, 'm'),
        },
      },
    ]);
  });

  test('has no caller without a routing key', async () => {
    const instance = new PredictingInstance();
    instance.change({ routing: halfToTwo });
    await instance.predict();
    expect(instance.saw[0]?.seen).not.toHaveProperty('caller');
  });

  test.each([
    ['a version', v(1)],
    ['an alias', 'newest' as never],
  ])('that asks for %s tells nothing', async (_, wanted) => {
    const instance = new PredictingInstance();
    instance.change({ routing: halfToTwo });
    for (let asked = 0; asked < 2; asked++) await instance.predict({ wanted });
    expect(instance.calls.map(({ job }) => job.observe)).toEqual([undefined, undefined]);
    expect(instance.saw).toEqual([]);
  });

  test('of one version alone, nothing is looked into', async () => {
    const instance = new PredictingInstance();
    for (let asked = 0; asked < 2; asked++) await instance.predict();
    expect(instance.calls.map(({ job }) => job.observe)).toEqual([undefined, undefined]);
    expect(instance.saw).toEqual([]);
  });

  test.each<[string, () => Promise<never>, boolean]>([
    ['a run that fails', () => fails('malformed', { atRun: true }), true],
    ['a bug', () => Promise.reject(new Error('bug')), true],
    ['a deadline', () => fails('deadlinePassed'), true],
    ['a request that doesn’t fit', () => fails('malformed'), false],
    ['no room', () => fails('overloaded'), false],
  ])('fails as it would alone: %s', async (_, runs, counts) => {
    const instance = new PredictingInstance();
    instance.runs = runs;
    instance.change({ routing: halfToTwo });
    const routingKey = keyFor(2);
    const alone = await runs().catch((error: unknown) => error);
    await expect(instance.predict({ routingKey })).rejects.toEqual(alone);
    const caller = routingPoint(routingKey, 'm');
    expect(instance.saw.map(({ arm, seen }) => [arm, seen])).toEqual(
      counts ? [['candidate', { ok: false, caller }]] : [],
    );
  });
});

describe('a change of what is live', () => {
  test('arrives with the record, within its time to live', async () => {
    const instance = new PredictingInstance();
    const routing = { ...halfToTwo };
    instance.change({
      routing,
      rollout: PredictingInstance.rollout({ number: 1, kind: 'canary', percent: 50 }),
    });
    await instance.predict();
    await instance.predict();
    const next = PredictingInstance.rollout({ number: 2, kind: 'canary', percent: 60 });
    instance.change({ rollout: { ...next, slowMs: 7 } });
    instance.now += TTL_MS;
    await instance.predict();
    instance.now += 1;
    await instance.predict();
    await instance.predict();
    instance.change({ routing: { production: v(1) } });
    instance.now += TTL_MS + 1;
    await instance.predict();
    expect(instance.saw.map(({ test: { key, stage, slowMs } }) => [key, stage, slowMs])).toEqual([
      ['r1', 1, undefined],
      ['r1', 1, undefined],
      ['r1', 1, undefined],
      ['r1', 2, 7],
      ['r1', 2, 7],
    ]);
    // One record's is one object: nothing is made for a request that finds it known.
    expect(instance.saw[1]?.test).toBe(instance.saw[2]?.test);
  });

  test('a version that is about to get traffic is loaded once, behind the first request', async () => {
    const instance = new PredictingInstance();
    instance.loads = () => Promise.reject(new Error('damaged'));
    await instance.predict();
    instance.change({ routing: { ...halfToTwo, candidate: { version: v(2), percent: 0 } } });
    for (let records = 0; records < 3; records++) {
      instance.now += TTL_MS + 1;
      for (let asked = 0; asked < 3; asked++) await instance.predict();
      expect(instance.loaded).toEqual(records === 0 ? [] : [2]);
      await settle();
    }
    instance.change({ routing: { production: v(1), shadow: { version: v(3), percent: 0 } } });
    instance.now += TTL_MS + 1;
    await instance.predict();
    await settle();
    expect(instance.loaded).toEqual([2, 3]);
    expect(instance.calls.every(({ version }) => version === 1)).toBe(true);
  });

  test('nothing is loaded for requests that don’t come by the routing', async () => {
    const instance = new PredictingInstance();
    instance.change({ routing: halfToTwo });
    for (let asked = 0; asked < 2; asked++) await instance.predict({ wanted: v(1) });
    await settle();
    expect(instance.loaded).toEqual([]);
  });
});

test('over a ramp no caller goes back, and the split is the one that was meant', async () => {
  const instance = new PredictingInstance();
  const keys = Array.from({ length: 20_000 }, (_, index) => `caller-${index}`);
  const moved = new Set<string>();
  for (const percent of [1, 5, 25, 50, 99, 100]) {
    instance.change({
      routing:
        percent === 100
          ? { production: v(2) }
          : { production: v(1), candidate: { version: v(2), percent } },
    });
    instance.now += TTL_MS + 1;
    let taken = 0;
    for (const routingKey of keys) {
      const { choice } = await instance.predict({ routingKey });
      if (choice.version === 2) {
        moved.add(routingKey);
        taken++;
      }
    }
    // A key that had moved once would be missing from those that were taken now.
    expect(taken).toBe(moved.size);
    const share = percent / 100;
    const error = Math.sqrt((share * (1 - share)) / keys.length);
    expect(Math.abs(taken / keys.length - share)).toBeLessThanOrEqual(4 * error);
    instance.calls.length = 0;
    instance.saw.length = 0;
  }
});

describe('what telemetry is told', () => {
  const requests = (sink: ReturnType<typeof telling>['sink']) =>
    sink.points('pilotlight.requests').map(({ dimensions, sum }) => ({ ...dimensions, sum }));

  test('of answers, by version and route', async () => {
    const { telemetry, sink, time } = telling();
    const instance = new PredictingInstance({ telemetry });
    instance.runs = (version) => {
      time.now += 40;
      return Promise.resolve({
        ...answer(version),
        rows: 3,
        runRows: instance.calls.length % 2 ? 8 : 0,
      });
    };
    const begin = () => telemetry.begin('infer', () => undefined);
    for (let asked = 0; asked < 4; asked++) await instance.predict({ operation: begin() });
    await instance.predict({ wanted: v(2), operation: begin() });
    await telemetry.flush();
    const production = { model: 'm', version: '1', route: 'production' };
    expect(requests(sink)).toEqual([
      { ...production, outcome: 'ok', sum: 4 },
      { model: 'm', version: '2', route: 'pinned', outcome: 'ok', sum: 1 },
    ]);
    expect(sink.points('pilotlight.request.ms', production)).toMatchObject([
      { count: 4, sum: 160, min: 40, max: 40, sketch: { count: 4 } },
    ]);
    expect(sink.points('pilotlight.infer.ms', production)).toMatchObject([
      { count: 4, sum: 4, sketch: { count: 4 } },
    ]);
    expect(sink.points('pilotlight.queue.ms', production)).toMatchObject([{ count: 4 }]);
    expect(sink.sum('pilotlight.rows', { version: '1', source: 'http' })).toBe(12);
    // Two runs, which two requests each shared.
    expect(sink.points('pilotlight.batch.rows', { version: '1' })).toMatchObject([
      { count: 2, sum: 16, max: 8 },
    ]);
  });

  test('of failures at a version, bugs among them', async () => {
    const { telemetry, sink } = telling();
    const instance = new PredictingInstance({ telemetry });
    for (const runs of [() => fails('malformed'), () => Promise.reject(new Error('bug'))]) {
      instance.runs = runs;
      await expect(instance.predict()).rejects.toThrow();
    }
    await telemetry.flush();
    const by = { model: 'm', version: '1', route: 'production' };
    expect(requests(sink)).toEqual([
      { ...by, outcome: 'malformed', sum: 1 },
      { ...by, outcome: 'bug', sum: 1 },
    ]);
    expect(sink.points('pilotlight.request.ms')).toEqual([]);
  });

  test('of failures before there was a version: no name that nobody registered', async () => {
    const { telemetry, sink } = telling();
    const instance = new PredictingInstance({ telemetry });
    instance.retired = v(3);
    await expect(instance.predict({ wanted: v(3) })).rejects.toThrow('retired');
    instance.unknown = true;
    for (let asked = 0; asked < 50; asked++) {
      const model = `made-up-${asked}` as ModelName;
      await expect(instance.predict({ model })).rejects.toThrow();
    }
    await telemetry.flush();
    const none = { version: '', route: '', outcome: 'notFound' };
    expect(requests(sink)).toEqual([
      { ...none, model: 'm', sum: 1 },
      { ...none, model: '', sum: 50 },
    ]);
  });
});
