import { basename, dirname, join, resolve } from 'node:path';
import { jobPath } from './batch-job.ts';
import { type Document, documentAt, numberAt, textAt } from './document.ts';
import { checkWritable, download, intoFile } from './download.ts';
import { UsageError } from './failure.ts';
import type { Server } from './server.ts';
import type { Globals } from './terminal.ts';
import { count, duration, rows } from './text-forms.ts';

export type BatchFormat = 'csv' | 'jsonl';

/** Where a job's results go. */
export interface ResultFiles {
  /** `-` is standard output. */
  readonly out: string;
  readonly errors: string;
  /** Written also when no row failed, because it was asked for by name. */
  readonly wantsErrors: boolean;
}

const FORMATS: Readonly<Record<string, BatchFormat>> = {
  csv: 'csv',
  tsv: 'csv',
  jsonl: 'jsonl',
  ndjson: 'jsonl',
};

/** A file's name without what tells its format, and that. */
function partsOf(file: string): { stem: string; extension: string } {
  const name = basename(file).replace(/\.gz$/i, '');
  const dot = name.lastIndexOf('.');
  if (dot <= 0) return { stem: name, extension: '' };
  return { stem: name.slice(0, dot), extension: name.slice(dot + 1) };
}

/** @throws UsageError when the name doesn't tell */
export function formatOf(file: string): BatchFormat {
  const format = FORMATS[partsOf(file).extension.toLowerCase()];
  if (format) return format;
  throw new UsageError(
    `${file}: the name doesn't tell the format (.csv, .tsv, .jsonl, .ndjson, or those with .gz); say --format csv or --format jsonl`,
  );
}

/** `churn.csv.gz` gives `churn.scored.csv` and `churn.errors.csv` beside it. */
export function defaultNames(file: string, format: BatchFormat) {
  const { stem, extension } = partsOf(file);
  const ending = FORMATS[extension.toLowerCase()] === format ? extension : format;
  const beside = (what: string) => join(dirname(file), `${stem}.${what}.${ending}`);
  return { out: beside('scored'), errors: beside('errors') };
}

/** Where results go, once it is known that they can. @throws UsageError */
export async function resultFiles(
  named: { out?: string | undefined; errors?: string | undefined },
  defaults: { out: string; errors: string },
  { json, input }: { json: boolean; input?: string },
): Promise<ResultFiles> {
  const { out = defaults.out, errors = defaults.errors } = named;
  if (json && out === '-') {
    throw new UsageError('--out -: standard output is taken by --json; name a file');
  }
  const files = [...(out === '-' ? [] : [out]), errors].map((file) => resolve(file));
  if (input !== undefined && files.includes(resolve(input))) {
    throw new UsageError(`${input}: is the input, and can't be where results go as well`);
  }
  if (new Set(files).size < files.length) {
    throw new UsageError(`--errors ${errors}: expected another file than --out`);
  }
  for (const file of files) await checkWritable(file);
  return { out, errors, wantsErrors: named.errors !== undefined };
}

/** Fetches what a completed job left, and says so. */
export async function fetchResults(
  server: Server,
  globals: Globals,
  job: Document,
  into: ResultFiles & { signal: AbortSignal },
): Promise<void> {
  const { terminal, json } = globals;
  const { signal, out } = into;
  const at = jobPath(textAt(job, 'id') ?? '');
  const { scored, failed } = countsOf(job);
  const output = { path: `${at}/output`, label: 'downloading', signal };
  if (out === '-') await download(server, globals, output, (chunk) => terminal.write(chunk));
  else await intoFile(out, (take) => download(server, globals, output, take));

  const hasErrors = failed > 0 || into.wantsErrors;
  if (hasErrors) {
    const errors = { path: `${at}/errors`, label: 'downloading errors', signal };
    await intoFile(into.errors, (take) => download(server, globals, errors, take));
  }
  const files = { output: out, ...(hasErrors && { errors: into.errors }) };
  if (json) {
    await terminal.write(`${JSON.stringify({ ...job, files })}\n`);
    return;
  }

  const seconds = secondsOf(job);
  const pace = seconds === undefined ? '' : ` in ${duration(seconds)}${rateOf(scored, seconds)}`;
  const place = out === '-' ? '' : ` into ${out}`;
  terminal.say(`scored ${rows(scored)}${pace}${place}`);
  if (failed > 0) terminal.say(`${rows(failed)} could not be scored: ${into.errors} says why`);
}

function countsOf(job: Document): { scored: number; failed: number } {
  const counts = documentAt(job, 'rows');
  return { scored: numberAt(counts, 'scored') ?? 0, failed: numberAt(counts, 'failed') ?? 0 };
}

function secondsOf(job: Document): number | undefined {
  const [from, to] = ['createdAt', 'finishedAt'].map((name) =>
    Date.parse(textAt(job, name) ?? ''),
  ) as [number, number];
  return to >= from ? (to - from) / 1_000 : undefined;
}

function rateOf(scored: number, seconds: number): string {
  const rate = scored / seconds;
  return Number.isFinite(rate) && rate >= 1 ? ` (${count(rate)} rows/s)` : '';
}
