import { createRequire } from 'node:module';
import type * as Runtime from 'onnxruntime-node';

// The least a process can do to answer once: start, require the runtime, make a session, run. A
// process's arguments: the model's file, and its inputs as JSON. It prints how long each phase
// after the boot took, in ms.

interface Wanted {
  readonly name: string;
  readonly datatype: string;
  readonly shape: readonly number[];
}

const phases: Record<string, number> = {};
let last = performance.now();
function ended(phase: string): void {
  const now = performance.now();
  phases[phase] = now - last;
  last = now;
}

const require = createRequire(import.meta.url);
const { InferenceSession, Tensor } = require('onnxruntime-node') as typeof Runtime;
ended('runtime');

const [, , model = '', wanted = '[]'] = process.argv;
const session = await InferenceSession.create(model, {
  intraOpNumThreads: 1,
  graphOptimizationLevel: 'all',
});
ended('create');

const feeds = (JSON.parse(wanted) as Wanted[]).map(({ name, datatype, shape }) => {
  const length = shape.reduce((product, size) => product * size, 1);
  const tensor =
    datatype === 'INT64'
      ? new Tensor('int64', new BigInt64Array(length).fill(1n), shape)
      : new Tensor('float32', new Float32Array(length).fill(0.5), shape);
  return [name, tensor] as const;
});
await session.run(Object.fromEntries(feeds));
ended('first run');

process.stdout.write(`${JSON.stringify(phases)}\n`);
