import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { createProcessGauges } from './process-gauges.ts';

test('sees how late the loop is, and the memory that the process has', async () => {
  const gauges = createProcessGauges();
  expect(gauges.read().loopDelayMs).toBe(0);
  gauges.begin();
  try {
    await sleep(100);
    const until = performance.now() + 150;
    while (performance.now() < until);
    await sleep(60);
    const { loopDelayMs, rssBytes } = gauges.read();
    expect(loopDelayMs).toBeGreaterThan(100);
    expect(rssBytes).toBeGreaterThan(10_000_000);
  } finally {
    gauges.end();
  }
  gauges.read();
  await sleep(100);
  expect(gauges.read().loopDelayMs).toBe(0);
});
