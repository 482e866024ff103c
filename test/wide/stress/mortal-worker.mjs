// Loaded behind the worker, into its thread: ends that thread after a few seconds, as if something in
// it had gone wrong. Only ever between two pieces of work: a thread that ends inside the runtime takes
// the process with it.
import { appendFileSync } from 'node:fs';
import { parentPort } from 'node:worker_threads';

const LIFE_MS = 3_000 + Math.random() * 5_000;

const bornAt = performance.now();
const post = parentPort.postMessage.bind(parentPort);
let inHand = 0;
let served = 0;

function endWhenDue() {
  if (inHand > 0 || served === 0 || performance.now() - bornAt < LIFE_MS) return;
  appendFileSync(new URL('deaths', import.meta.url), '.');
  process.exit(1);
}

parentPort.on('message', () => {
  inHand++;
});
parentPort.postMessage = (...reply) => {
  post(...reply);
  inHand--;
  served++;
  endWhenDue();
};
setInterval(endWhenDue, 100).unref();
