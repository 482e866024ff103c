import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks';
import { isMainThread } from 'node:worker_threads';
import { answerAsks, endWithParent } from './asks.ts';
import { PROBE_VARIABLE } from './probe-variable.ts';

// Loaded into a server before its own code (`node --import`): tells how late its event loop is.

/** What the histogram measures when nothing is late: its own timer. */
const RESOLUTION_MS = 1;

export interface LoopDelay {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

// Threads and child processes of the server inherit its arguments, and are not asked.
if (isMainThread && process.env[PROBE_VARIABLE]) {
  Reflect.deleteProperty(process.env, PROBE_VARIABLE);
  const histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  answerAsks({
    watchLoop: () => {
      histogram.enable();
      histogram.reset();
    },
    readLoop: () => {
      histogram.disable();
      return lateness(histogram);
    },
  });
  endWithParent('SIGTERM');
  // The server ends when it wants to.
  process.channel?.unref();
}

function lateness(histogram: IntervalHistogram): LoopDelay {
  const late = (ns: number) => Math.max(0, ns / 1e6 - RESOLUTION_MS);
  return {
    p50Ms: late(histogram.percentile(50)),
    p99Ms: late(histogram.percentile(99)),
    maxMs: late(histogram.max),
  };
}
