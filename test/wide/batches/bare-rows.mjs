import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { InferenceSession, Tensor } from 'onnxruntime-node';

// The runtime alone on rows that were parsed before: a thread a core, each in a loop of `run` at the
// batch size that is its best. Prints rows a second of all threads together. Arguments: the churn
// model, its rows as CSV.

const [, , model, csv] = process.argv;
const SIZES = [32, 64, 128, 256, 512];
const TRY_MS = 300;
const MEASURE_MS = 3_000;
const OPTIONS = { intraOpNumThreads: 1, interOpNumThreads: 1, graphOptimizationLevel: 'all' };

function feedsOf(session, header, rows) {
  const feeds = {};
  for (const { name, type } of session.inputMetadata) {
    const cells = rows.map((row) => row[header.indexOf(name)]);
    const shape = [rows.length, 1];
    feeds[name] =
      type === 'string'
        ? new Tensor('string', cells, shape)
        : new Tensor('float32', Float32Array.from(cells, Number), shape);
  }
  return feeds;
}

/** Rows a second in about `ms`, over batches of one size. */
async function rate(session, batches, ms) {
  const began = performance.now();
  let rows = 0;
  for (let at = 0; performance.now() - began < ms; at++) {
    const { feeds, count } = batches[at % batches.length];
    await session.run(feeds);
    rows += count;
  }
  return (rows * 1000) / (performance.now() - began);
}

async function measure({ model, csv }) {
  const session = await InferenceSession.create(model, OPTIONS);
  const [header, ...rows] = readFileSync(csv, 'utf8')
    .trim()
    .split('\n')
    .map((line) => line.split(','));
  let best = { rate: 0, batches: [] };
  for (const size of SIZES) {
    const batches = [];
    for (let from = 0; from + size <= rows.length; from += size) {
      batches.push({ feeds: feedsOf(session, header, rows.slice(from, from + size)), count: size });
    }
    await rate(session, batches, TRY_MS / 3);
    const found = await rate(session, batches, TRY_MS);
    if (found > best.rate) best = { rate: found, batches };
  }
  return await rate(session, best.batches, MEASURE_MS);
}

if (isMainThread) {
  const rates = await Promise.all(
    Array.from({ length: availableParallelism() }, () => {
      const worker = new Worker(new URL(import.meta.url), { workerData: { model, csv } });
      return new Promise((resolve, reject) => worker.on('message', resolve).on('error', reject));
    }),
  );
  console.log(Math.round(rates.reduce((sum, each) => sum + each, 0)));
} else {
  parentPort.postMessage(await measure(workerData));
}
