import { expect, test } from '@jest/globals';
import { ColdStart, coldStartLine } from './cold-start.ts';

test('sums each phase until the first answer, and is deaf from then on', () => {
  let now = 412.4;
  const start = new ColdStart(() => now);
  start.took('registry', 20);
  start.took('registry', 5);
  start.took('create', 30.25);
  expect(start.report).toBeUndefined();
  const report = start.answered();
  expect(report).toEqual({
    totalMs: 412.4,
    phases: { registry: 25, create: 30.25 },
    prepared: false,
  });
  start.took('create', 1_000);
  start.usedPrepared();
  now = 9_000;
  expect(start.answered()).toBeUndefined();
  expect(start.report).toEqual(report);
});

test('says it in one line, phases in the order in which they come', () => {
  const start = new ColdStart(() => 300.6);
  start.took('firstRun', 2);
  start.took('boot', 81.26);
  start.usedPrepared();
  const report = start.answered();
  expect(report && coldStartLine(report)).toBe(
    'cold start: first prediction 301 ms after the process began, from a prepared model (ms: boot 81.3, firstRun 2.0)',
  );
});

test('times work that fails too', async () => {
  let now = 100;
  const start = new ColdStart(() => now);
  const failing = start.time('download', async () => {
    now += 40;
    return await Promise.reject(new Error('gone'));
  });
  await expect(failing).rejects.toThrow('gone');
  expect(start.answered()?.phases).toEqual({ download: 40 });
});
