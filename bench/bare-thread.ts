import { parentPort, workerData } from 'node:worker_threads';
import { InferenceSession } from 'onnxruntime-node';
import type { BareThreadData, BareThreadResult } from './bare.ts';
import { feedsOf, ONE_THREAD } from './feeds.ts';
import { Latencies } from './latencies.ts';

// A thread that does nothing but `run`, for as long as it is told.

const { model, inputs } = workerData as BareThreadData;
const session = await InferenceSession.create(model, ONE_THREAD);
const feeds = feedsOf(inputs);

async function loop(ms: number): Promise<BareThreadResult> {
  const latencies = new Latencies();
  const begun = performance.now();
  let now = begun;
  let requests = 0;
  while (now - begun < ms) {
    const before = now;
    await session.run(feeds);
    now = performance.now();
    latencies.add(now - before);
    requests += 1;
  }
  return { requests, seconds: (now - begun) / 1000, counts: latencies.counts };
}

parentPort?.on('message', (ms: number) => {
  void loop(ms).then((result) => {
    parentPort?.postMessage(result);
  });
});
parentPort?.postMessage('ready');
