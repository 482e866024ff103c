import type * as runtime from 'onnxruntime-node';
import { generatedInput } from './generated-input.ts';
import type { SessionModel } from './thread-protocol.ts';

/** The quickest of several runs is the model's own time; the rest is what else the machine did. */
const TIMED_RUNS = 5;
const TIMED_MS = 2;

/**
 * The first run allocates; a caller should not wait for that. Ones, and the served outputs alone,
 * are what validation has tried: another input could as well never end.
 */
export async function warmUp(
  session: runtime.InferenceSession,
  { signature: { inputs, outputs }, timed }: SessionModel,
): Promise<{ firstMs: number; warmMs: number | undefined } | undefined> {
  const feeds: Record<string, runtime.Tensor> = {};
  for (const spec of inputs) {
    const tensor = generatedInput(spec, 1);
    if (!tensor) return undefined;
    feeds[spec.name] = tensor;
  }
  const names = outputs.map(({ name }) => name);
  try {
    const began = performance.now();
    await session.run(feeds, names);
    const firstMs = performance.now() - began;
    if (!timed) return { firstMs, warmMs: undefined };
    let warmMs = Number.POSITIVE_INFINITY;
    const until = performance.now() + TIMED_MS;
    for (let run = 0; run < TIMED_RUNS; run++) {
      const again = performance.now();
      if (again > until) break;
      await session.run(feeds, names);
      warmMs = Math.min(warmMs, performance.now() - again);
    }
    return { firstMs, warmMs };
  } catch {
    // Ones need not suit the graph; real input decides.
    return undefined;
  }
}
