import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks';
import type { ProcessGauges } from '../ports/process-gauges.ts';

/** How often the loop is looked at: what is shorter is seen by chance. */
const RESOLUTION_MS = 20;

/** Of this process. Between `end` and `begin` nothing ticks. */
export function createProcessGauges(): ProcessGauges {
  let delay: IntervalHistogram | undefined;
  return {
    begin() {
      delay ??= monitorEventLoopDelay({ resolution: RESOLUTION_MS });
      delay.reset();
      delay.enable();
    },
    end() {
      delay?.disable();
    },
    read() {
      // It counts from tick to tick, so that one which is in time took the resolution.
      const late = delay && delay.count > 0 ? delay.max / 1e6 - RESOLUTION_MS : 0;
      delay?.reset();
      return { loopDelayMs: Math.max(0, late), rssBytes: process.memoryUsage.rss() };
    },
  };
}
