import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import type { App } from '../shared/compose.ts';
import { ServingError } from '../shared/errors.ts';
import { UNTOLD } from '../shared/telemetry/operation.ts';
import { createMemoryApp, quietContext } from '../test/memory-app.ts';
import { functions } from './index.ts';
import { tendFunction, tending } from './tend.ts';

/** An app that tells nobody. */
const untold = () =>
  ({ telemetry: { begin: () => UNTOLD, end: () => undefined } }) as unknown as App;
const app = untold();

/** A task that counts its runs, and does `work` in each. */
function task(name: string, everyMs: number, work = () => Promise.resolve()) {
  const made = { name, everyMs, runs: 0, run: () => (made.runs++, work()) };
  return made;
}

beforeEach(() => {
  jest.useFakeTimers();
});
afterEach(() => {
  jest.useRealTimers();
});

test('each task runs when its time has come, a little early if need be', async () => {
  const often = task('often', 5_000);
  const seldom = task('seldom', 30_000);
  const tick = tending([often, seldom]);
  for (let at = 0; at < 60_000; at += 5_000) {
    await tick(app, quietContext());
    await jest.advanceTimersByTimeAsync(at === 0 ? 4_900 : 5_000);
  }
  expect([often.runs, seldom.runs]).toEqual([12, 2]);
  await jest.advanceTimersByTimeAsync(60_000);
  await tick(app, quietContext());
  expect([often.runs, seldom.runs]).toEqual([13, 3]);
});

test('failures stop nobody, are told of one by one, and fail the tick', async () => {
  const bug = task('buggy', 1, () => Promise.reject(new TypeError('of its own')));
  const down = task('down', 1, () =>
    Promise.reject(
      new ServingError({ kind: 'unavailable', detail: 'no database', retryAfterSeconds: 1 }),
    ),
  );
  const hopeless = task('hopeless', 1, () =>
    Promise.reject(new ServingError({ kind: 'malformed', detail: 'for ever so' })),
  );
  const fine = task('fine', 1, () => Promise.resolve());
  const context = quietContext();
  await expect(tending([bug, down, hopeless, fine])(app, context)).rejects.toThrow(
    /^of this tick failed: buggy, down$/,
  );
  expect(fine.runs).toBe(1);
  expect(context.logged).toEqual([
    expect.stringMatching(/^buggy: a bug, to be tried again: TypeError: of its own/),
    'down: unavailable, to be tried again: no database',
    'hopeless: malformed, given up: for ever so',
  ]);
});

test('while one takes long, the others go on at their times, and end with it', async () => {
  let end: () => void = () => undefined;
  const quick = task('quick', 5_000);
  const slow = task('slow', 30_000, () => new Promise<void>((done) => (end = done)));
  let ended = false;
  const tick = tending([quick, slow])(app, quietContext()).then(() => (ended = true));
  await jest.advanceTimersByTimeAsync(61_000);
  expect([quick.runs, slow.runs, ended]).toEqual([13, 1, false]);
  end();
  await tick;
  expect(jest.getTimerCount()).toBe(0);
});

test('one that is in the midst of it when the last one ends is waited for', async () => {
  const ends: (() => void)[] = [];
  const work = () => new Promise<void>((done) => ends.push(done));
  const [first, second] = [task('first', 5_000, work), task('second', 60_000, work)];
  let ended = false;
  const tick = tending([first, second])(app, quietContext()).then(() => (ended = true));
  ends[0]?.();
  await jest.advanceTimersByTimeAsync(5_000);
  expect(first.runs).toBe(2);
  ends[1]?.();
  await jest.advanceTimersByTimeAsync(0);
  expect(ended).toBe(false);
  ends[2]?.();
  await tick;
});

test('what an app begins when, is no matter of another app', async () => {
  const some = task('some', 60_000);
  const tick = tending([some]);
  await tick(app, quietContext());
  await tick(untold(), quietContext());
  expect(some.runs).toBe(2);
});

test('it is the one timer, and an idle tick asks six things', async () => {
  jest.useRealTimers();
  expect(functions.filter(({ kind }) => kind === 'timer')).toEqual([tendFunction]);
  const memory = await createMemoryApp();
  try {
    const asked: string[] = [];
    const heard = <Port extends object>(port: string, of: Port): Port =>
      new Proxy(of, {
        get: (target, name, receiver) => {
          const found: unknown = Reflect.get(target, name, receiver);
          if (typeof found === 'function') asked.push(`${port}.${String(name)}`);
          return found;
        },
      });
    const ports = [
      'registry',
      'batchJobs',
      'batchFiles',
      'dropped',
      'messages',
      'counters',
      'artifacts',
    ] as const;
    const all = Object.fromEntries(ports.map((port) => [port, heard<object>(port, memory[port])]));
    const context = quietContext();
    await tendFunction.handler({ ...memory, ...all }, context);
    expect(context.logged).toEqual([]);
    expect(asked.sort()).toEqual([
      'batchJobs.listExpired',
      'batchJobs.listUnfinished',
      'dropped.list',
      'registry.listRollingOut',
      'registry.listUnfinished',
      'registry.listUnsettledDrops',
    ]);
  } finally {
    await memory.close();
  }
});
