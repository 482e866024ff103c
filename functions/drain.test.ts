import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { ServingError } from '../shared/errors.ts';
import { Drain, endWhenAiling } from './drain.ts';

/** Work that lasts until it is told to end. */
function work() {
  let finish: () => void = () => undefined;
  const ended = new Promise<void>((resolve) => {
    finish = resolve;
  });
  return { run: () => ended, finish };
}

beforeEach(() => {
  jest.useFakeTimers();
});
afterEach(() => {
  jest.useRealTimers();
});

describe('Drain', () => {
  test('passes on what work answers and throws', async () => {
    const drain = new Drain();
    expect(await drain.run(() => Promise.resolve(7))).toBe(7);
    await expect(drain.run(() => Promise.reject(new Error('x')))).rejects.toThrow('x');
    await drain.begin('why', 1e9); // a failure counts as ended
  });

  test('waits for what runs, and refuses what comes', async () => {
    const drain = new Drain();
    const [one, two] = [work(), work()];
    const running = [drain.run(one.run), drain.run(two.run)];
    let drained = false;
    const draining = drain.begin('worn out', 1e9).then(() => {
      drained = true;
    });
    const refused = drain.run(() => Promise.resolve());
    await expect(refused).rejects.toThrow(/about to be replaced: worn out/);
    await expect(refused).rejects.toBeInstanceOf(ServingError);
    one.finish();
    await running[0];
    expect(drained).toBe(false);
    two.finish();
    await draining;
    expect(jest.getTimerCount()).toBe(0);
  });

  test('waits no longer than the grace', async () => {
    const drain = new Drain();
    void drain.run(work().run);
    const draining = drain.begin('worn out', 5_000);
    await jest.advanceTimersByTimeAsync(5_000);
    await draining;
  });
});

describe('endWhenAiling', () => {
  function watch() {
    const state = { ailments: [] as string[], ended: [] as string[] };
    const drain = new Drain();
    const stop = endWhenAiling({
      ailments: () => state.ailments,
      drain,
      everyMs: 1_000,
      graceMs: 30_000,
      end: (reason) => state.ended.push(reason),
    });
    return { state, drain, stop };
  }

  test('ends once, with the reason, after draining', async () => {
    const { state, drain } = watch();
    const last = work();
    const running = drain.run(last.run);
    await jest.advanceTimersByTimeAsync(10_000);
    state.ailments = ['stuck', 'ill'];
    await jest.advanceTimersByTimeAsync(5_000);
    expect(state.ended).toEqual([]);
    last.finish();
    await running;
    // Its answer is on its way now.
    await jest.advanceTimersByTimeAsync(100);
    expect(state.ended).toEqual([]);
    await jest.advanceTimersByTimeAsync(900);
    expect(state.ended).toEqual(['stuck; ill']);
    await jest.advanceTimersByTimeAsync(100_000);
    expect(state.ended).toHaveLength(1);
  });

  test('ends after the grace though something still runs', async () => {
    const { state, drain } = watch();
    void drain.run(work().run);
    state.ailments = ['stuck'];
    await jest.advanceTimersByTimeAsync(30_000);
    expect(state.ended).toEqual([]);
    await jest.advanceTimersByTimeAsync(2_000);
    expect(state.ended).toEqual(['stuck']);
  });

  test('looks no more once it is stopped', async () => {
    const { state, stop } = watch();
    stop();
    state.ailments = ['shutting down'];
    await jest.advanceTimersByTimeAsync(60_000);
    expect(state.ended).toEqual([]);
  });
});
