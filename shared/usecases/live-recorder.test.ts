import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { createMemoryCounters } from '../adapters/memory/counters.ts';
import type { ModelName, Version } from '../ids.ts';
import type { CounterStore } from '../ports/counters.ts';
import type { Observed } from '../ports/engine.ts';
import type { StageCounts } from '../rollout/counts.ts';
import { figuresOf } from '../rollout/figures.ts';
import type { LiveTest } from '../rollout/live-test.ts';
import { LiveRecorder, type Seen } from './live-recorder.ts';

const FLUSH_MS = 5_000;

beforeEach(() => {
  jest.useFakeTimers();
});
afterEach(() => {
  jest.useRealTimers();
});

function recording(boot = 'boot') {
  const counters = createMemoryCounters();
  const world = {
    counters,
    written: [] as StageCounts[],
    warned: [] as string[],
    fails: false,
    hold: undefined as Promise<void> | undefined,
  };
  const watched: CounterStore = {
    async write(counts) {
      await world.hold;
      if (world.fails) throw new Error('no store');
      world.written.push(counts);
      await counters.write(counts);
    },
    list: (key, stage) => counters.list(key, stage),
  };
  const recorder = new LiveRecorder({
    counters: watched,
    clock: () => Date.now(),
    boot,
    flushMs: FLUSH_MS,
    warn: (message) => void world.warned.push(message),
  });
  const requestsOf = async (key: string, stage = 0) =>
    figuresOf(await counters.list(key, stage)).candidate.requests;
  return { world, recorder, requestsOf };
}

const liveTest = (given: Partial<LiveTest> & { key: string }): LiveTest => ({
  model: 'm' as ModelName,
  stage: 0,
  production: 1 as Version,
  candidate: 2 as Version,
  shadowPercent: undefined,
  slowMs: 10,
  ...given,
});
const GOOD: Seen = { ok: true, inferNs: 2e6 };
const answered = (label: string, number: number): Observed => ({
  labels: [label, 'another row'],
  numbers: new Map([['y', Float64Array.of(number)]]),
});

describe('what two versions do is counted', () => {
  test('of a candidate and of a shadow beside it, each for itself', async () => {
    const { recorder, requestsOf } = recording();
    const beside = liveTest({ key: 'm~1~2~shadow', candidate: 3 as Version, shadowPercent: 50 });
    const test = liveTest({ key: 'm~1~2', beside });
    for (let n = 0; n < 3; n++) {
      recorder.saw(test, 'candidate', GOOD);
      recorder.compared(beside, { production: GOOD, candidate: GOOD });
      await recorder.flush();
    }
    expect(await requestsOf('m~1~2')).toBe(3);
    expect(await requestsOf('m~1~2~shadow')).toBe(3);
  });

  test('and written a few seconds after the first count, whole; nothing while nothing happens', async () => {
    const { world, recorder, requestsOf } = recording();
    expect(jest.getTimerCount()).toBe(0);
    const test = liveTest({ key: 'r1' });
    recorder.saw(test, 'candidate', { ...GOOD, observed: answered('yes', 1) });
    recorder.saw(liveTest({ key: 'r1' }), 'production', { ok: false });
    await jest.advanceTimersByTimeAsync(FLUSH_MS - 1);
    expect(world.written).toHaveLength(0);
    await jest.advanceTimersByTimeAsync(1);
    expect(world.written).toMatchObject([
      { key: 'r1', stage: 0, answers: { candidate: { yes: 1 } } },
    ]);
    expect(figuresOf(world.written)).toMatchObject({
      production: { requests: 1, errors: 1 },
      candidate: { requests: 1, errors: 0 },
    });
    for (let n = 0; n < 3; n++) recorder.saw(test, 'candidate', GOOD);
    await jest.advanceTimersByTimeAsync(60_000);
    expect(world.written).toHaveLength(2);
    expect(await requestsOf('r1')).toBe(4);
  });

  test('copies: both versions and how they compare; what was dropped', async () => {
    const { world, recorder } = recording();
    const test = liveTest({ key: 'r1', shadowPercent: 10 });
    const production: Seen = { ...GOOD, observed: answered('yes', 1) };
    recorder.compared(test, { production, candidate: { ...GOOD, observed: answered('no', 1.5) } });
    recorder.compared(test, { production, candidate: { ...GOOD, observed: answered('yes', 1) } });
    recorder.compared(test, { production, candidate: { ok: false } });
    recorder.dropped(test);
    await recorder.flush();
    const { candidate, shadow, ...rest } = figuresOf(world.written);
    expect(rest.production).toMatchObject({ requests: 3, errors: 0 });
    expect(candidate).toMatchObject({ requests: 3, errors: 1 });
    expect(shadow).toMatchObject({ compared: 2, disagreed: 1, dropped: 1, distanceMax: 0.5 });
  });

  test('slow by what the live test says now, warm once for all stages', async () => {
    const { world, recorder } = recording();
    for (let n = 0; n < 30; n++) recorder.saw(liveTest({ key: 'r1' }), 'candidate', GOOD);
    recorder.saw(liveTest({ key: 'r1', stage: 1 }), 'candidate', GOOD);
    recorder.saw(liveTest({ key: 'r1', stage: 1, slowMs: 1 }), 'candidate', GOOD);
    await recorder.flush();
    expect(world.written.map((counts) => figuresOf([counts]).candidate)).toMatchObject([
      { requests: 30, timed: 10, slow: 0 },
      { requests: 2, timed: 2, slow: 1 },
    ]);
  });
});

describe('a new stage', () => {
  test('starts from zero; the one before is written once more, then stragglers are left out', async () => {
    const { world, recorder, requestsOf } = recording();
    const [before, after] = [liveTest({ key: 'r1' }), liveTest({ key: 'r1', stage: 1 })];
    recorder.saw(before, 'candidate', GOOD);
    recorder.saw(after, 'candidate', GOOD);
    recorder.saw(before, 'candidate', GOOD);
    await recorder.flush();
    expect([await requestsOf('r1', 0), await requestsOf('r1', 1)]).toEqual([2, 1]);
    recorder.saw(before, 'candidate', GOOD);
    recorder.saw(after, 'candidate', GOOD);
    await recorder.flush();
    expect([await requestsOf('r1', 0), await requestsOf('r1', 1)]).toEqual([2, 2]);
    expect(world.written).toHaveLength(3);
  });

  test('that was left and comes again does not overwrite what it counted before', async () => {
    const { recorder, requestsOf } = recording();
    recorder.saw(liveTest({ key: 'r1' }), 'candidate', GOOD);
    await recorder.flush();
    // Another routing, and back: as an instance sees that reads an old record once.
    recorder.saw(liveTest({ key: 'r2' }), 'candidate', GOOD);
    await recorder.flush();
    recorder.saw(liveTest({ key: 'r1' }), 'candidate', GOOD);
    await recorder.flush();
    expect([await requestsOf('r1'), await requestsOf('r2')]).toEqual([2, 1]);
  });
});

describe('a store that fails', () => {
  test('is tried again with the next writing: nothing is lost, and it is told once', async () => {
    const { world, recorder, requestsOf } = recording();
    const [test, old] = [liveTest({ key: 'r1', stage: 1 }), liveTest({ key: 'r1' })];
    recorder.saw(old, 'candidate', GOOD);
    recorder.saw(test, 'candidate', GOOD);
    world.fails = true;
    await jest.advanceTimersByTimeAsync(3 * FLUSH_MS);
    expect(world.warned).toEqual([expect.stringContaining('no store')]);
    recorder.saw(test, 'candidate', GOOD);
    world.fails = false;
    await jest.advanceTimersByTimeAsync(FLUSH_MS);
    expect([await requestsOf('r1', 0), await requestsOf('r1', 1)]).toEqual([1, 2]);
    const written = world.written.length;
    await jest.advanceTimersByTimeAsync(10 * FLUSH_MS);
    expect(world.written).toHaveLength(written);
  });

  test('and is slow is not asked twice at once; what is counted meanwhile comes with the next', async () => {
    const { world, recorder, requestsOf } = recording();
    const test = liveTest({ key: 'r1' });
    let release: () => void = () => undefined;
    world.hold = new Promise((resolve) => (release = resolve));
    recorder.saw(test, 'candidate', GOOD);
    await jest.advanceTimersByTimeAsync(FLUSH_MS);
    recorder.saw(test, 'candidate', GOOD);
    await jest.advanceTimersByTimeAsync(4 * FLUSH_MS);
    expect(world.written).toHaveLength(0);
    release();
    await jest.advanceTimersByTimeAsync(FLUSH_MS);
    expect([world.written.length, await requestsOf('r1')]).toEqual([2, 2]);
  });
});

describe('closing', () => {
  test('writes what is left, also what came during a writing', async () => {
    const { world, recorder, requestsOf } = recording();
    const test = liveTest({ key: 'r1' });
    let release: () => void = () => undefined;
    world.hold = new Promise((resolve) => (release = resolve));
    recorder.saw(test, 'candidate', GOOD);
    void recorder.flush();
    recorder.saw(test, 'candidate', GOOD);
    const closed = recorder.close(1_000);
    release();
    await closed;
    expect(await requestsOf('r1')).toBe(2);
    expect(jest.getTimerCount()).toBe(0);
  });

  test('waits no longer than it may', async () => {
    const { world, recorder } = recording();
    world.hold = new Promise(() => undefined);
    recorder.saw(liveTest({ key: 'r1' }), 'candidate', GOOD);
    const closed = recorder.close(1_000);
    await jest.advanceTimersByTimeAsync(1_000);
    await closed;
    expect(world.written).toHaveLength(0);
    expect(jest.getTimerCount()).toBe(0);
  });
});

test('what is over is let go in the end, and nothing waits any longer', async () => {
  const { world, recorder, requestsOf } = recording();
  const test = liveTest({ key: 'r1' });
  recorder.saw(test, 'candidate', GOOD);
  await jest.advanceTimersByTimeAsync(10_000);
  recorder.saw(test, 'candidate', GOOD);
  await jest.advanceTimersByTimeAsync(30 * 60_000);
  expect(jest.getTimerCount()).toBe(0);
  // Should it come again, it begins anew beside what was written.
  recorder.saw(test, 'candidate', GOOD);
  await recorder.flush();
  expect(await requestsOf('r1')).toBe(3);
  expect(new Set(world.written.map(({ boot }) => boot)).size).toBe(2);
});

test('a hundred live tests are counted at a time; idle ones make room', async () => {
  const { world, recorder } = recording();
  const tests = Array.from({ length: 102 }, (_, n) =>
    liveTest({ model: `m${n}` as ModelName, key: `r${n}` }),
  );
  for (const test of tests) recorder.saw(test, 'candidate', GOOD);
  await recorder.flush();
  expect(world.written).toHaveLength(100);
  await jest.advanceTimersByTimeAsync(900_000);
  for (const test of tests.slice(100)) recorder.saw(test, 'candidate', GOOD);
  await recorder.flush();
  expect(world.written.slice(100).map(({ key }) => key)).toEqual(['r100', 'r101']);
});
