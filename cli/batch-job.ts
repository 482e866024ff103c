import { BatchPace } from './batch-pace.ts';
import { type Document, textAt } from './document.ts';
import { CommandFailure, Refusal } from './failure.ts';
import { openProgress, scoringNote } from './progress.ts';
import { LONG } from './retrying.ts';
import type { Server } from './server.ts';
import type { Globals } from './terminal.ts';

const FIRST_POLL_MS = 200;
const LAST_POLL_MS = 2_000;

export function jobPath(id: string): string {
  return `/batches/${encodeURIComponent(id)}`;
}

/** Watches a job until it ends, and answers its document. @throws the signal's reason, Refusal */
export async function followJob(
  server: Server,
  globals: Globals,
  id: string,
  signal: AbortSignal,
): Promise<Document> {
  const { terminal } = globals;
  const progress = await openProgress(globals, 'scoring');
  const pace = new BatchPace();
  try {
    for (let pause = FIRST_POLL_MS; ; pause = Math.min(pause * 1.5, LAST_POLL_MS)) {
      const job = await server.get(jobPath(id), { signal, patience: LONG });
      const state = textAt(job, 'state') ?? '';
      if (/^(?:completed|failed|cancelled)$/.test(state)) return job;
      pace.see(job, terminal.now());
      const { fraction, rows, chunks, rate, left } = pace;
      progress.show(
        fraction,
        chunks.total === 0 ? state : scoringNote({ rows, chunks, rate, left }),
      );
      await terminal.sleep(pause, signal);
    }
  } finally {
    progress.end();
  }
}

/** Cancels a job. Answers it as it ended, which may have been before. */
export async function cancelJob(server: Server, id: string): Promise<Document> {
  try {
    await server.call({ method: 'DELETE', path: jobPath(id), patience: LONG });
  } catch (error) {
    // It has ended: by itself, or by an attempt of ours whose answer was lost.
    if (!(error instanceof Refusal && error.status === 409)) throw error;
  }
  return await server.get(jobPath(id));
}

/** @throws CommandFailure unless a job that has ended is complete */
export function expectCompleted(job: Document): void {
  const state = textAt(job, 'state') ?? 'unknown';
  if (state === 'completed') return;
  const reason = textAt(job, 'reason');
  const name = `job ${textAt(job, 'id') ?? ''}`;
  throw new CommandFailure(
    `${name} ${state === 'failed' ? 'failed' : `was ${state}`}${reason === undefined ? '' : `: ${reason}`}`,
    { document: job },
  );
}
