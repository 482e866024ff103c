import { readFile } from 'node:fs/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { readGraph } from '../../graph/graph.ts';
import type { Outcome, Step } from './examiner-steps.ts';

const post = (outcome: Outcome) => parentPort?.postMessage(outcome);

/** Does the one step that this thread was started for. */
export async function work(): Promise<void> {
  const step = workerData as Step;
  switch (step.kind) {
    case 'read': {
      post({ kind: 'phase', phase: 'reading' });
      const reading = readGraph(await readFile(step.file));
      if (!reading.ok) return post({ kind: 'rejected', inspection: reading });
      const { facts, draft, warnings } = reading;
      return post({ kind: 'read', facts, draft, warnings });
    }
    // The native library is loaded only where it is used.
    case 'run': {
      post({ kind: 'phase', phase: 'loading' });
      const { loadAndRun } = await import('./trial-run.ts');
      const outcome = await loadAndRun(step, () => {
        post({ kind: 'phase', phase: 'running' });
      });
      return post(outcome);
    }
    case 'measure': {
      const { measure } = await import('./measuring/measure.ts');
      await measure(step, {
        begin: (what) =>
          new Promise((resolve) => {
            parentPort?.once('message', () => {
              resolve();
            });
            post({ kind: 'measuring', what });
          }),
        found: (part) => post({ kind: 'measured', part }),
      });
      return post({ kind: 'done' });
    }
  }
}
