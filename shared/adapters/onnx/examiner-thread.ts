import { readFile } from 'node:fs/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { readGraph } from '../../graph/graph.ts';
import type { Outcome, Step } from './examiner-steps.ts';

/** Does the one step that this thread was started for. */
export async function work(): Promise<void> {
  const step = workerData as Step;
  const post = (outcome: Outcome) => parentPort?.postMessage(outcome);
  if (step.kind === 'read') {
    post({ kind: 'phase', phase: 'reading' });
    const reading = readGraph(await readFile(step.file));
    if (reading.ok) {
      const { facts, draft, warnings } = reading;
      post({ kind: 'read', facts, draft, warnings });
    } else {
      post({ kind: 'rejected', inspection: reading });
    }
    return;
  }
  post({ kind: 'phase', phase: 'loading' });
  // The native library is loaded only where it is used.
  const { loadAndRun } = await import('./trial-run.ts');
  post(
    await loadAndRun(step, () => {
      post({ kind: 'phase', phase: 'running' });
    }),
  );
}
