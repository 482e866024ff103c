import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { Tensor } from '../shared/protocol/tensor.ts';
import { answerAsks, endWithParent } from './asks.ts';
import { Latencies } from './latencies.ts';

// The runtime alone: a thread for each vCPU, each in a loop of `run` in its own session.

export interface BareThreadData {
  readonly model: string;
  readonly inputs: readonly Tensor[];
}

export interface BareThreadResult {
  readonly requests: number;
  readonly seconds: number;
  readonly counts: readonly number[];
}

const threads: Worker[] = [];

async function open({ count, ...data }: BareThreadData & { count: number }): Promise<void> {
  for (let index = 0; index < count; index++) {
    const thread = new Worker(new URL('bare-thread.mjs', import.meta.url), { workerData: data });
    await once(thread, 'message');
    threads.push(thread);
  }
}

/** `requests` over `seconds` is what all threads did together. */
async function slice({ ms }: { ms: number }): Promise<BareThreadResult> {
  const results = await Promise.all(
    threads.map(async (thread) => {
      const answered = once(thread, 'message') as Promise<[BareThreadResult]>;
      thread.postMessage(ms);
      return (await answered)[0];
    }),
  );
  const perSecond = results.reduce((sum, { requests, seconds }) => sum + requests / seconds, 0);
  const requests = results.reduce((sum, result) => sum + result.requests, 0);
  const { counts } = Latencies.merged(results.map((result) => new Latencies(result.counts)));
  return { requests, seconds: requests / perSecond, counts };
}

answerAsks({ open, slice });
endWithParent('SIGKILL');
