import { cancelJob, expectCompleted, followJob, jobPath } from '../batch-job.ts';
import { fetchResults, resultFiles } from '../batch-results.ts';
import { type Document, documentAt, numberAt, textAt } from '../document.ts';
import { CommandFailure, Interrupted } from '../failure.ts';
import { allPages } from '../pages.ts';
import type { Server } from '../server.ts';
import type { Globals } from '../terminal.ts';
import { count, duration, table } from '../text-forms.ts';
import { leftComplete } from './batch.ts';

/** `batches`: the newest jobs. */
export async function listBatches(
  server: Server,
  { terminal, json }: Globals,
  { limit }: { limit: number },
): Promise<void> {
  const batches = await allPages(server, '/batches', 'batches', limit);
  if (json) {
    await terminal.write(`${JSON.stringify({ batches })}\n`);
    return;
  }
  if (batches.length === 0) {
    terminal.say('there are no batch jobs');
    return;
  }
  const lines = batches.map((job) => [
    textAt(job, 'id') ?? '',
    textAt(job, 'state') ?? '',
    modelText(job),
    ...rowTexts(job),
    textAt(job, 'createdAt') ?? '',
  ]);
  await terminal.write(table(['JOB', 'STATE', 'MODEL', 'SCORED', 'FAILED', 'CREATED'], lines));
}

/** `batches ID`: one job. */
export async function showBatch(server: Server, globals: Globals, id: string): Promise<void> {
  await print(globals, await server.get(jobPath(id)));
}

/** `batches cancel ID`. @throws CommandFailure when it had ended otherwise */
export async function cancelBatch(server: Server, globals: Globals, id: string): Promise<void> {
  const job = await cancelJob(server, id);
  const state = textAt(job, 'state') ?? 'unknown';
  if (state !== 'cancelled') {
    throw new CommandFailure(`job ${id} had ended before: ${state}`, { document: job });
  }
  await print(globals, job);
}

/** `batches wait ID`: follows a job to its end and fetches its results; Ctrl-C leaves it running. */
export async function waitForBatch(
  server: Server,
  globals: Globals,
  id: string,
  options: { out?: string; errors?: string },
): Promise<void> {
  const { terminal, json } = globals;
  const stop = new AbortController();
  const deafen = terminal.onInterrupt(() => {
    stop.abort(new Interrupted(`stopped waiting; job ${id} goes on`));
  });
  try {
    const format = textAt(await server.get(jobPath(id)), 'format') ?? 'csv';
    const defaults = { out: `${id}.scored.${format}`, errors: `${id}.errors.${format}` };
    const files = await resultFiles(options, defaults, { json });
    const job = await followJob(server, globals, id, stop.signal);
    expectCompleted(job);
    await fetchResults(server, globals, job, { ...files, signal: stop.signal }).catch(
      (error: unknown) => {
        throw stop.signal.aborted ? leftComplete(id) : error;
      },
    );
  } finally {
    deafen();
  }
}

async function print({ terminal, json }: Globals, job: Document): Promise<void> {
  if (json) {
    await terminal.write(`${JSON.stringify(job)}\n`);
    return;
  }
  const chunks = documentAt(job, 'chunks');
  const [scored = '', failed = ''] = rowTexts(job);
  const eta = numberAt(job, 'etaSeconds');
  const facts = [
    ['job', textAt(job, 'id') ?? ''],
    ['state', textAt(job, 'state') ?? ''],
    ['reason', textAt(job, 'reason') ?? ''],
    ['model', modelText(job)],
    ['rows', `${scored} scored, ${failed} failed`],
    [
      'chunks',
      `${count(numberAt(chunks, 'done') ?? 0)} of ${count(numberAt(chunks, 'total') ?? 0)}`,
    ],
    ['left', eta === undefined ? '' : duration(eta)],
    ['created', textAt(job, 'createdAt') ?? ''],
    ['finished', textAt(job, 'finishedAt') ?? ''],
  ].filter(([, value]) => value !== '');
  const [head = [], ...rest] = facts;
  await terminal.write(table(head, rest));
}

function modelText(job: Document): string {
  const version = textAt(job, 'version');
  return `${textAt(job, 'model') ?? ''}${version === undefined ? '' : ` ${version}`}`;
}

function rowTexts(job: Document): string[] {
  const rows = documentAt(job, 'rows');
  return ['scored', 'failed'].map((name) => count(numberAt(rows, name) ?? 0));
}
