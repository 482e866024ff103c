import { expect, test } from '@jest/globals';
import { BatchPace } from './batch-pace.ts';

const job = (done: number, rows: number, more = {}) => ({
  rows: { scored: rows, failed: 0 },
  chunks: { done, total: 10 },
  ...more,
});

test('nothing is said of pace before it can be known', () => {
  const pace = new BatchPace();
  pace.see({ state: 'queued', rows: { scored: 0, failed: 0 }, chunks: { done: 0, total: 0 } }, 0);
  expect([pace.fraction, pace.rows, pace.rate, pace.left]).toEqual([0, 0, undefined, undefined]);
  pace.see(job(0, 0), 5_000);
  expect([pace.rate, pace.left]).toEqual([undefined, undefined]);
});

test('pace counts from the first look at a running job, also one that runs for long', () => {
  const pace = new BatchPace();
  pace.see(job(4, 400), 0);
  pace.see(job(6, 600), 4_000);
  expect([pace.fraction, pace.rows, pace.rate, pace.left]).toEqual([0.6, 600, 50, 8]);
  expect(pace.chunks).toEqual({ done: 6, total: 10 });
});

test('the server knows best how long it will take', () => {
  const pace = new BatchPace();
  pace.see(job(4, 400, { etaSeconds: 77 }), 0);
  expect(pace.left).toBe(77);
});
