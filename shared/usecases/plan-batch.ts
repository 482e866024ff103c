import { randomBytes } from 'node:crypto';
import { type ChunkEstimate, chunkBytesFor, planRanges } from '../batch/chunk-plan.ts';
import { csvColumns, rowTable } from '../batch/columns.ts';
import { csvHeader } from '../batch/csv-output.ts';
import { type FileHead, headOf } from '../batch/file-head.ts';
import type { BatchId, BatchJob, BatchSource, PlannedBatch } from '../batch/job.ts';
import { planOffsets } from '../batch/offset-table.ts';
import { hasOpenOutputs, outputColumns, settleOutputs } from '../batch/output-columns.ts';
import type { RowTable } from '../batch/row-table.ts';
import { ServingError } from '../errors.ts';
import type { BatchDeps } from './batch-deps.ts';
import { openInput } from './batch-input.ts';
import { type PinnedVersion, pinVersion } from './pin-version.ts';

/** Read to see the columns and a first few rows. */
const HEAD_BYTES = 1 << 20;
const TRIAL_ROWS = 16;
const TRIAL_MS = 120_000;
/** What reading and writing text allows, whatever the model: rows a second, on one thread. */
const MOST_ROWS_PER_SECOND = 300_000;
const FINISH = { kind: 'finish' } as const;
const FAN = { kind: 'fan', group: 0 } as const;
/** Work in a piece: others' requests wait no longer for the thread. */
const PIECE_SECONDS = 0.1;
const MAX_PIECE_BYTES = 256 << 10;

/**
 * Plans a job: pins the version and the input, finds the columns, cuts the file into chunks, and has
 * the first of them sent. Delivered again, it only has them sent again.
 * @throws ServingError what ends the job (`malformed`, `notFound`, `conflict`), and what may pass
 */
export async function planBatch(deps: BatchDeps, id: BatchId): Promise<void> {
  for (;;) {
    const stored = await deps.batchJobs.read(id);
    const job = stored?.value;
    if (job?.state === 'running' && job.planned) {
      const empty = job.planned.plan.chunks === 0;
      await deps.messages.sendBatch([
        { id, traceparent: job.traceparent, ...(empty ? FINISH : FAN) },
      ]);
    }
    if (job?.state !== 'queued') return;
    const planned = await plan(deps, job);
    const running: BatchJob = { ...job, state: 'running', planned, startedAt: deps.clock() };
    // Whoever was first: what stands now is what is sent.
    await deps.batchJobs.replace(running, stored?.etag ?? '');
  }
}

async function plan(deps: BatchDeps, job: BatchJob): Promise<PlannedBatch> {
  const { request } = job;
  const pinned = await pinVersion(deps, request);
  const attempt = randomBytes(4).toString('hex');
  const source = await openInput(deps, job, attempt);
  const head = await readHead(deps, source, job);
  const columns = request.format === 'csv' ? csvColumns(head.cells, request.csv) : [];
  const { signature, batchRows } = pinned.servable;
  let table = rowTable({ signature, card: pinned.card, request, columns, batchRows });
  const trial = await tryRows(deps, pinned, table, head);
  table = settleOutputs(table, trial.found);
  if (head.rows.byteLength > 0 && request.format === 'csv' && hasOpenOutputs(table)) {
    throw new ServingError({
      kind: 'malformed',
      detail: `none of the first rows could be scored, so the output's columns are unknown: ${trial.reason ?? 'there are none'}`,
    });
  }
  const rowsPerSecond = Math.min(pinned.rowsPerSecond, MOST_ROWS_PER_SECOND);
  const estimate: ChunkEstimate = {
    bytes: source.bytes,
    firstByte: head.firstByte,
    rowBytes: head.rowBytes,
    rowsPerSecond: rowsPerSecond * deps.config.vcpus,
    outputBytesPerRow: trial.outputBytesPerRow,
    maxChunkBytes: deps.config.maxChunkBytes,
  };
  const piece = Math.ceil(head.rowBytes * rowsPerSecond * PIECE_SECONDS);
  return {
    incarnation: pinned.incarnation,
    version: pinned.servable.version,
    digest: pinned.servable.digest,
    source,
    ...(await cut(deps, job, source, { ...estimate, firstLine: head.firstLine, attempt })),
    columns,
    table,
    outputHeader:
      request.format === 'csv' ? csvHeader(outputColumns(table), request.csv.delimiter) : '',
    pieceBytes: Math.min(piece, MAX_PIECE_BYTES),
  };
}

async function readHead(
  { batchFiles }: BatchDeps,
  source: BatchSource,
  { request }: BatchJob,
): Promise<FileHead> {
  const parts: Uint8Array[] = [];
  const end = Math.min(HEAD_BYTES, source.bytes);
  if (end > 0) for await (const part of batchFiles.read(source, 0, end)) parts.push(part);
  return headOf(Buffer.concat(parts), { ...request, isWhole: end === source.bytes });
}

/** Scores the first rows: what the outputs look like, and how long a row of them is. */
async function tryRows(
  { engine, clock }: BatchDeps,
  { servable }: PinnedVersion,
  table: RowTable,
  { rows }: FileHead,
): Promise<{
  found: readonly (readonly number[])[];
  outputBytesPerRow: number;
  reason: string | undefined;
}> {
  const some = firstLines(rows, TRIAL_ROWS);
  if (some.byteLength === 0) return { found: [], outputBytesPerRow: 1, reason: undefined };
  const { output, scored, failures, outputDimensions } = await engine.score(servable, {
    rows: some,
    table,
    deadline: clock() + TRIAL_MS,
  });
  return {
    found: outputDimensions,
    outputBytesPerRow: scored > 0 ? output.byteLength / scored : 1,
    reason: failures[0]?.reason,
  };
}

/** A copy of the first lines, at most `count`. */
function firstLines(text: Uint8Array, count: number): Uint8Array {
  let end = 0;
  for (let line = 0; line < count && end < text.byteLength; line++) {
    const at = text.indexOf(0x0a, end);
    end = at < 0 ? text.byteLength : at + 1;
  }
  return text.slice(0, end);
}

async function cut(
  { batchFiles }: BatchDeps,
  { id, request }: BatchJob,
  source: BatchSource,
  estimate: ChunkEstimate & { readonly firstLine: number; readonly attempt: string },
): Promise<Pick<PlannedBatch, 'plan' | 'offsets'>> {
  if (request.format === 'jsonl' || !request.csv.quotedLineBreaks) {
    return { plan: planRanges(estimate) };
  }
  const { bytes, firstByte, firstLine, attempt } = estimate;
  const { plan, table } = await planOffsets(
    batchFiles.read(source, firstByte, bytes),
    { bytes, firstByte, firstLine, chunkBytes: chunkBytesFor(estimate) },
    { delimiter: request.csv.delimiter },
  );
  const limit = { maxBytes: table.byteLength };
  return { plan, offsets: await batchFiles.write(id, `offsets-${attempt}`, once(table), limit) };
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(bytes);
}
