import { randomUUID } from 'node:crypto';
import { cancelJob, expectCompleted, followJob } from '../batch-job.ts';
import {
  type BatchFormat,
  defaultNames,
  fetchResults,
  formatOf,
  resultFiles,
} from '../batch-results.ts';
import { type Document, required, textAt } from '../document.ts';
import { Interrupted, UsageError } from '../failure.ts';
import { inputFile } from '../input-file.ts';
import { LONG } from '../retrying.ts';
import type { Server } from '../server.ts';
import type { Globals } from '../terminal.ts';
import { upload } from '../upload.ts';

export interface BatchOptions {
  readonly model: string;
  /** A number or an alias. */
  readonly version?: string;
  readonly format?: BatchFormat;
  /** Columns that are passed on. */
  readonly keep?: readonly string[];
  /** One character. */
  readonly delimiter?: string;
  /** False: the first record is a row. */
  readonly header: boolean;
  readonly errorThreshold?: number;
  /** `-` is standard output. */
  readonly out?: string;
  readonly errors?: string;
  /** Only start the job. */
  readonly detach?: boolean;
}

/** `batch FILE`: scores a file. */
export async function batch(
  server: Server,
  globals: Globals,
  file: string,
  options: BatchOptions,
): Promise<void> {
  const { terminal, json } = globals;
  const input = await inputFile(file);
  const format = options.format ?? formatOf(file);
  const body = requestOf(file, format, options);
  if (options.detach && (options.out !== undefined || options.errors !== undefined)) {
    throw new UsageError(
      '--detach: leaves before there is an output; `pilotlight batches wait ID` takes --out and --errors',
    );
  }
  const files = options.detach
    ? undefined
    : await resultFiles(options, defaultNames(file, format), { json, input: file });

  const stop = new AbortController();
  const deafen = terminal.onInterrupt(() => {
    stop.abort(new Interrupted('stopped; no job was made'));
  });
  try {
    const blob = await upload(server, globals, input, stop.signal);
    const submitted = await submit(server, { ...body, input: { blob } }, stop.signal);
    const id = required(submitted, 'id', 'POST /batches');
    if (!files) {
      await terminal.write(json ? `${JSON.stringify(submitted)}\n` : `${id}\n`);
      if (!json) terminal.say(`\`pilotlight batches wait ${id}\` follows it to its end`);
      return;
    }
    if (!json) terminal.say(`job ${id}: ${textAt(submitted, 'model') ?? options.model}`);
    const job = await followOrCancel(server, globals, id, stop.signal);
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

/**
 * Makes the job. A Ctrl-C meanwhile is looked at afterwards: whether there is a job is known only
 * once the answer is here.
 */
async function submit(server: Server, body: Document, signal: AbortSignal): Promise<Document> {
  signal.throwIfAborted();
  const { document } = await server.call({
    method: 'POST',
    path: '/batches',
    headers: {
      'content-type': 'application/json',
      // An attempt whose answer was lost and the next one make one job.
      'idempotency-key': randomUUID(),
    },
    body: Buffer.from(JSON.stringify(body)),
    patience: LONG,
  });
  return document;
}

async function followOrCancel(
  server: Server,
  globals: Globals,
  id: string,
  signal: AbortSignal,
): Promise<Document> {
  try {
    return await followJob(server, globals, id, signal);
  } catch (error) {
    if (!signal.aborted) throw error;
    globals.terminal.say(`cancelling job ${id}; Ctrl-C again leaves at once`);
    const job = await cancelJob(server, id);
    const state = textAt(job, 'state') ?? 'ending';
    if (state === 'completed') throw leftComplete(id);
    throw new Interrupted(`job ${id} ${state === 'failed' ? 'had failed' : `is ${state}`}`, {
      document: job,
    });
  }
}

/** What is said when Ctrl-C came too late for the job. */
export function leftComplete(id: string): Interrupted {
  return new Interrupted(
    `job ${id} is completed; \`pilotlight batches wait ${id}\` fetches its output`,
  );
}

/** The job's request, but for its input. @throws UsageError */
function requestOf(file: string, format: BatchFormat, options: BatchOptions): Document {
  const { model, version, keep, errorThreshold, header } = options;
  const delimiter = options.delimiter ?? (/\.tsv(?:\.gz)?$/i.test(file) ? '\t' : undefined);
  if (format === 'jsonl' && (delimiter !== undefined || !header)) {
    throw new UsageError('--delimiter and --no-header are for CSV, the format is jsonl');
  }
  const csv = { ...(delimiter !== undefined && { delimiter }), ...(!header && { header }) };
  return {
    model,
    ...(version !== undefined && { version }),
    format,
    ...(Object.keys(csv).length > 0 && { csv }),
    ...(keep && { keep }),
    ...(errorThreshold !== undefined && { errorThreshold }),
  };
}
