import { randomBytes } from 'node:crypto';
import { rangeOf } from '../batch/chunk-plan.ts';
import { recordPieces } from '../batch/csv-scan.ts';
import type { BatchId, BatchJob, PlannedBatch } from '../batch/job.ts';
import { linePieces } from '../batch/lines.ts';
import { decodeRecordRange, tableRangeOf } from '../batch/offset-table.ts';
import {
  type ChunkReceipt,
  chunkErrorsName,
  groupOf,
  groupsOf,
  isGroupFull,
  sumOf,
} from '../batch/receipt.ts';
import { ServingError } from '../errors.ts';
import type { ServableModel } from '../ports/engine.ts';
import type { ModelRecord } from '../registry/model-record.ts';
import { METRICS } from '../telemetry/metric-names.ts';
import type { BatchDeps } from './batch-deps.ts';
import { encodeFailures } from './batch-errors.ts';
import { ChunkOutput } from './chunk-output.ts';
import { failBatch, thresholdReason } from './end-batch.ts';
import { inOrder } from './in-order.ts';

/** A job that has ended is noticed this soon within a chunk. */
const LOOK_EVERY_MS = 2_000;
/** Pieces under way for each thread: none waits while another is read, or a block is staged. */
const PIECES_A_THREAD = 4;
/** How long a piece may wait for a thread and be scored. */
const MAX_PIECE_WAIT_MS = 300_000;

type Running = BatchJob & { readonly planned: PlannedBatch };

/**
 * Scores a chunk of a job, unless that was done, and closes its group and the job if it was the
 * last. Run twice, late, or by two at once, the first receipt counts, and nothing else is read.
 * @throws ServingError what another try may mend (`unavailable`, `overloaded`, `notReady`), and what
 * ends the job (`malformed`, `notFound`, `conflict`)
 */
export async function scoreChunk(deps: BatchDeps, id: BatchId, chunk: number): Promise<void> {
  const job = (await deps.batchJobs.read(id))?.value;
  if (!job || !isRunning(job) || chunk >= job.planned.plan.chunks) return;
  if (!(await deps.batchFiles.readReceipt(id, chunk))) {
    const receipt = await attempt(deps, job, chunk);
    if (!receipt) return;
    // Another attempt's rows were counted by itself.
    if (await deps.batchFiles.createReceipt(id, receipt)) countRows(deps, job, receipt);
  }
  await closeGroup(deps, job, groupOf(chunk));
}

/** Scores the chunk's rows under a name of this attempt's own; undefined when the job has ended. */
async function attempt(
  deps: BatchDeps,
  job: Running,
  chunk: number,
): Promise<ChunkReceipt | undefined> {
  const name = randomBytes(4).toString('hex');
  const servable = await pinnedModel(deps, job);
  const output = new ChunkOutput(deps.batchFiles, job, { chunk, attempt: name });
  const counts = { lines: 0, scored: 0, failed: 0 };
  const failures: Uint8Array[] = [];
  let lookedAt = deps.clock();
  const answers = inOrder(
    await piecesOf(deps, job, chunk),
    PIECES_A_THREAD * deps.config.vcpus,
    (rows) =>
      deps.engine.score(servable, {
        rows,
        table: job.planned.table,
        deadline: deps.clock() + MAX_PIECE_WAIT_MS,
      }),
  );
  for await (const answer of answers) {
    await output.write(answer.output);
    if (answer.failures.length > 0) failures.push(encodeFailures(answer.failures, counts.lines));
    counts.lines += answer.lines;
    counts.scored += answer.scored;
    counts.failed += answer.failures.length;
    if (deps.clock() - lookedAt >= LOOK_EVERY_MS) {
      if ((await deps.batchJobs.read(job.id))?.value.state !== 'running') return undefined;
      lookedAt = deps.clock();
    }
  }
  const outputBlocks = await output.end();
  const hasErrors = failures.length > 0;
  if (hasErrors) {
    await deps.batchFiles.write(job.id, chunkErrorsName(chunk, name), each(failures), {
      maxBytes: Number.MAX_SAFE_INTEGER,
    });
  }
  return { chunk, attempt: name, outputBlocks, hasErrors, ...counts };
}

/** The version that was pinned when the job was planned. @throws ServingError `notFound` when it went since */
async function pinnedModel({ models }: BatchDeps, job: Running): Promise<ServableModel> {
  const { model } = job.request;
  const { incarnation, version } = job.planned;
  const stateIn = (record: ModelRecord): string =>
    record.incarnation === incarnation
      ? (record.versions.find((each) => each.version === version)?.state ?? 'unknown')
      : 'deleted';
  let record = await models.record(model);
  // This instance may not have heard of it yet: another one planned the job.
  if (stateIn(record) !== 'ready') record = await models.record(model, 0);
  if (stateIn(record) !== 'ready') {
    throw new ServingError({
      kind: 'notFound',
      detail: `model ${model} version ${version}, which this job was planned for, is ${stateIn(record)}`,
    });
  }
  return await models.servable(record, version);
}

/** The chunk's rows, in pieces of whole records. */
async function piecesOf(
  { batchFiles }: BatchDeps,
  { id, planned, request }: Running,
  chunk: number,
): Promise<AsyncIterable<Uint8Array>> {
  const { plan, offsets, source, pieceBytes } = planned;
  const read = (start: number, end: number) => batchFiles.read(source, start, end);
  if (plan.kind === 'ranges') {
    return linePieces(
      { ...rangeOf(plan, chunk), firstByte: plan.firstByte, bytes: plan.bytes },
      read,
      {
        pieceBytes,
      },
    );
  }
  if (!offsets) throw new Error(`batch ${id}: an offsets plan without its table`);
  const { start, end } = tableRangeOf(chunk);
  const parts: Uint8Array[] = [];
  for await (const part of batchFiles.read(offsets, start, end)) parts.push(part);
  const range = decodeRecordRange(Buffer.concat(parts));
  return recordPieces(read(range.start, range.end), request.csv.delimiter, { pieceBytes });
}

/** Unites the receipts of a group that is full, and asks for the end when all of them are. */
async function closeGroup(deps: BatchDeps, job: Running, group: number): Promise<void> {
  const { chunks } = job.planned.plan;
  const receipts = await deps.batchFiles.listReceipts(job.id, group);
  // What failed in one group may be too much already; the exact count is the end's to take.
  const tooMany = thresholdReason(job, sumOf(receipts).failed);
  if (tooMany !== undefined) {
    await failBatch(deps, job, tooMany);
    return;
  }
  if (!isGroupFull(receipts, group, chunks)) return;
  await deps.batchFiles.createGroup(job.id, group, receipts);
  const full = await deps.batchFiles.listGroups(job.id);
  if (full.length === groupsOf(chunks)) {
    await deps.messages.sendBatch([{ kind: 'finish', id: job.id, traceparent: job.traceparent }]);
  }
}

function countRows(
  { telemetry }: BatchDeps,
  { request, planned }: Running,
  { scored, failed }: ChunkReceipt,
): void {
  const by = { model: request.model, version: String(planned.version), source: 'batch' };
  if (scored > 0) telemetry.count(METRICS.rows, by, scored);
  if (failed > 0) telemetry.count(METRICS.failedRows, by, failed);
}

function isRunning(job: BatchJob): job is Running {
  return job.state === 'running' && job.planned !== undefined;
}

async function* each(parts: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  for (const part of parts) yield await Promise.resolve(part);
}
