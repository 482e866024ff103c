import { describe, expect, test } from '@jest/globals';
import {
  answer,
  PredictingInstance,
  settle,
  TIMEOUT_MS,
  v,
} from '../../test/predicting-instance.ts';
import { type Failure, ServingError } from '../errors.ts';

/** Every request is copied to version 2. */
function shadowing(percent = 100): PredictingInstance {
  const instance = new PredictingInstance();
  instance.change({ routing: { production: v(1), shadow: { version: v(2), percent } } });
  return instance;
}

/** What version 2 does; version 1 answers. */
function shadowDoes(
  instance: PredictingInstance,
  does: () => ReturnType<PredictingInstance['runs']>,
): void {
  instance.runs = (version) => (version === 2 ? does() : Promise.resolve(answer(version)));
}

const failure = (kind: Failure['kind'], more = {}) =>
  new ServingError({ kind, detail: 'd', ...more } as Failure);
const never = () => new Promise<never>(() => undefined);

describe('a shadow', () => {
  test('gets the same bytes when production has answered, and both answers are compared', async () => {
    const instance = shadowing();
    const body = Uint8Array.of(9, 8, 7);
    const got = await instance.predict({
      routingKey: 'k',
      body,
      headerLength: 2,
      contentEncoding: 'gzip',
      acceptEncoding: 'gzip',
    });
    expect([...got.answer.body]).toEqual([1]);
    expect(got.choice).toEqual({ version: 1, route: 'production' });
    expect(body.byteLength).toBe(0);
    // It hasn't begun when the answer goes out.
    expect(instance.calls.map(({ version }) => version)).toEqual([1]);
    await settle();
    const [production, shadow] = instance.calls;
    expect(production?.job.observe).toBe('too');
    expect(shadow).toEqual({
      version: 2,
      bytes: [9, 8, 7],
      job: expect.objectContaining({
        headerLength: 2,
        contentEncoding: 'gzip',
        acceptEncoding: undefined,
        deadline: instance.now + TIMEOUT_MS,
        priority: 3,
        observe: 'only',
      }),
    });
    const caller = expect.any(Number);
    expect(instance.compared).toEqual([
      {
        test: expect.objectContaining({ production: 1, candidate: 2, shadowPercent: 100 }),
        pair: {
          production: {
            ok: true,
            inferNs: 1e6,
            observed: { labels: ['label 1'], numbers: new Map() },
            caller,
          },
          candidate: {
            ok: true,
            inferNs: 2e6,
            observed: { labels: ['label 2'], numbers: new Map() },
            caller,
          },
        },
      },
    ]);
    expect([instance.dropped, instance.saw]).toEqual([0, []]);
  });

  test('of so many percent of the requests', async () => {
    const instance = shadowing(20);
    let drawn = 0;
    // Multiples of the golden ratio spread evenly.
    instance.random = () => (drawn++ * 0.6180339887498949) % 1;
    for (let asked = 0; asked < 5_000; asked++) {
      await instance.predict();
      await settle();
    }
    expect(Math.abs(instance.compared.length - 1_000)).toBeLessThanOrEqual(5);
    expect(instance.calls.filter(({ job }) => job.observe === 'too')).toHaveLength(
      instance.compared.length,
    );
    expect(instance.dropped).toBe(0);
  });

  test('beside a candidate gets production’s requests alone, and both are counted', async () => {
    const instance = new PredictingInstance();
    const candidate = { version: v(3), percent: 50 };
    const shadow = { version: v(2), percent: 100 };
    instance.change({ routing: { production: v(1), candidate, shadow } });
    for (let asked = 0; asked < 40; asked++) {
      await instance.predict({ routingKey: `caller ${asked}` });
      await settle();
    }
    const saw = (arm: string) => instance.saw.filter((each) => each.arm === arm).length;
    expect(saw('production') + saw('candidate')).toBe(40);
    expect(saw('candidate')).toBeGreaterThan(0);
    expect(instance.compared).toHaveLength(saw('production'));
    expect(instance.compared[0]?.test).toMatchObject({
      candidate: 2,
      key: expect.stringMatching(/~shadow$/),
    });
    expect(instance.saw[0]?.test).toMatchObject({ candidate: 3 });
  });

  test('gets none of what asks for a version', async () => {
    const instance = shadowing();
    await instance.predict({ wanted: v(1) });
    await settle();
    expect(instance.calls.map(({ version }) => version)).toEqual([1]);
  });

  test('gets eight copies at a time, the rest is dropped', async () => {
    const instance = shadowing();
    await instance.predict();
    await settle();
    const asked = Array.from({ length: 20 }, () => instance.predict());
    await Promise.all(asked);
    await settle();
    expect([instance.compared.length, instance.dropped]).toEqual([9, 12]);
    await instance.predict();
    await settle();
    expect([instance.compared.length, instance.dropped]).toEqual([10, 12]);
  });

  test('gets no large bodies', async () => {
    const instance = shadowing();
    await instance.predict({ body: new Uint8Array(1_000_000) });
    await instance.predict({ body: new Uint8Array(1_000_001) });
    await settle();
    expect([instance.compared.length, instance.dropped]).toEqual([1, 1]);
  });

  test('gets nothing when the instance ends', async () => {
    const ending = ['shutting down'];
    const instance = shadowing();
    instance.ailments = ending;
    await instance.predict();
    await settle();
    expect(instance.calls.map(({ job }) => job.observe)).toEqual([undefined]);
    expect(instance.dropped).toBe(1);
    // When the copy was made already.
    const other = shadowing();
    await other.predict();
    other.ailments = ending;
    await settle();
    expect([other.calls.length, other.dropped, other.compared]).toEqual([1, 1, []]);
  });

  test('gets a hundredth of the time while work waits, one copy at a time', async () => {
    const instance = shadowing();
    let finish: (() => void)[] = [];
    shadowDoes(
      instance,
      () =>
        new Promise((resolve) => {
          finish.push(() => {
            resolve(answer(v(2)));
          });
        }),
    );
    await instance.predict();
    instance.waiting = 5;
    await settle();
    const ask = async (times: number) => {
      for (let asked = 0; asked < times; asked++) await instance.predict();
      await settle();
    };
    await ask(20);
    expect([finish.length, instance.dropped]).toEqual([1, 20]);
    instance.now += 7;
    for (const one of finish.splice(0)) one();
    await settle();
    expect(instance.compared).toHaveLength(1);
    instance.now += 699;
    await ask(20);
    expect([finish.length, instance.dropped]).toEqual([0, 40]);
    instance.now += 1;
    await ask(20);
    expect([finish.length, instance.dropped]).toEqual([1, 59]);
    const priorities = instance.calls.filter(({ version }) => version === 2);
    expect(priorities.map(({ job }) => job.priority)).toEqual([0, 0]);
    // Where nothing waits it needn't rest.
    instance.waiting = 0;
    finish = [];
    await ask(1);
    expect([finish.length, instance.dropped]).toEqual([1, 59]);
    expect(instance.calls.at(-1)?.job.priority).toBe(3);
  });

  test('gets nothing of what production fails on, and its place is free again', async () => {
    const instance = shadowing();
    instance.runs = () => Promise.reject(failure('malformed', { atRun: true }));
    for (let asked = 0; asked < 20; asked++) {
      await expect(instance.predict()).rejects.toThrow('d');
    }
    await settle();
    expect(instance.calls.every(({ version }) => version === 1)).toBe(true);
    expect([instance.dropped, instance.compared]).toEqual([0, []]);
    instance.runs = (version) => Promise.resolve(answer(version));
    await instance.predict();
    await settle();
    expect(instance.compared).toHaveLength(1);
  });

  test('that hangs delays no answer; what no longer fits is dropped', async () => {
    const instance = shadowing();
    shadowDoes(instance, never);
    for (let asked = 0; asked < 20; asked++) {
      const { answer: got } = await instance.predict();
      expect([...got.body]).toEqual([1]);
      await settle();
    }
    expect(instance.calls.filter(({ version }) => version === 2)).toHaveLength(8);
    expect([instance.dropped, instance.compared]).toEqual([12, []]);
  });

  test('that is gone is dropped', async () => {
    const instance = shadowing();
    instance.retired = v(2);
    for (let asked = 0; asked < 20; asked++) await instance.predict();
    await settle();
    expect(instance.calls.every(({ version }) => version === 1)).toBe(true);
    expect(instance.dropped).toBe(20);
  });

  test.each<[string, Error, Partial<PredictingInstance>, number]>([
    ['crashes', new Error('crashed'), {}, 0],
    ['doesn’t take what production takes', failure('malformed'), {}, 0],
    ['can’t run on it', failure('malformed', { atRun: true }), {}, 0],
    ['can’t be loaded', failure('notReady'), {}, 0],
    ['takes too long', failure('deadlinePassed'), {}, TIMEOUT_MS],
    ['takes too long, as timers see it', failure('deadlinePassed'), {}, TIMEOUT_MS - 1],
  ])('that %s is at fault, and nobody else hears of it', async (_, error, state, tookMs) => {
    const { instance } = await failed(error, state, tookMs);
    expect(instance.compared.map(({ pair }) => pair.candidate)).toEqual([{ ok: false }]);
    expect(instance.dropped).toBe(0);
  });

  test.each<[string, Error, Partial<PredictingInstance>, number]>([
    ['finds no room', failure('overloaded'), {}, 0],
    ['waits behind others for too long', failure('deadlinePassed'), { waiting: 3 }, TIMEOUT_MS],
    ['has a caller who is in a hurry', failure('deadlinePassed'), {}, 20],
    ['outlives its instance', failure('notReady'), { ailments: ['shutting down'] }, 0],
  ])('that %s is not', async (_, error, state, tookMs) => {
    const { instance } = await failed(error, state, tookMs);
    expect([instance.compared, instance.dropped]).toEqual([[], 1]);
  });
});

/** A shadow that fails so late, and what has become of the instance by then. */
async function failed(error: Error, state: Partial<PredictingInstance>, tookMs: number) {
  const instance = shadowing();
  shadowDoes(instance, () => {
    instance.now += tookMs;
    Object.assign(instance, state);
    return Promise.reject(error);
  });
  await instance.predict();
  await settle();
  return { instance };
}
