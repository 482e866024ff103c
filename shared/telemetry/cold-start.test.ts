import { expect, test } from '@jest/globals';
import { ColdStart, coldStartLine } from './cold-start.ts';

test('sums each phase until the first answer, and is deaf from then on', () => {
  let now = 412.5;
  const start = new ColdStart(() => now);
  start.took('registry', 20);
  start.took('registry', 5);
  start.took('create', 30.25);
  expect(start.report).toBeUndefined();
  const report = start.answered(400);
  expect(report).toEqual({
    totalMs: 12.5,
    phases: { registry: 25, create: 30.25 },
    prepared: false,
  });
  expect(start.asked()).toBe(0);
  start.took('create', 1_000);
  start.usedPrepared();
  now = 9_000;
  expect(start.answered(8_000)).toBeUndefined();
  expect(start.report).toEqual(report);
});

test('says it in one line, phases in the order in which they come', () => {
  let now = 81.26;
  const start = new ColdStart(() => now);
  start.took('firstRun', 2);
  start.composed(0);
  start.usedPrepared();
  now = 300.6;
  const report = start.answered(10);
  expect(report && coldStartLine(report)).toBe(
    'cold start: first prediction in 301 ms, from a prepared model (ms: boot 81.3, firstRun 2.0)',
  );
});

test.each([
  ['was there before the app was asked for', 1_000, 1_300],
  ['came while the app was composed', 1_100, 1_300],
  ['came an hour later', 3_601_200, 3_601_300],
])('a first request that %s took what it waited for', (_what, asked, answered) => {
  let now = 1_200;
  const start = new ColdStart(() => now);
  start.composed(1_000);
  now = asked;
  const at = start.asked();
  now = answered;
  expect(start.answered(at)).toMatchObject({ totalMs: 300, phases: { boot: 200 } });
});

test('times work that fails too', async () => {
  let now = 100;
  const start = new ColdStart(() => now);
  const failing = start.time('download', async () => {
    now += 40;
    return await Promise.reject(new Error('gone'));
  });
  await expect(failing).rejects.toThrow('gone');
  expect(start.answered(0)?.phases).toEqual({ download: 40 });
});
