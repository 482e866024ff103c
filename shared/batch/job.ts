import type { AliasName, Digest, ModelName, Version } from '../ids.ts';
import type { ChunkPlan } from './chunk-plan.ts';
import type { RowTable } from './row-table.ts';

/** A batch job's name: 26 lower-case letters and digits, sorting by the time it was made. */
export type BatchId = string & { readonly __batch: unique symbol };

export type BatchFormat = 'csv' | 'jsonl';

/** What results are sent and stored as. */
export const CONTENT_TYPES: Readonly<Record<BatchFormat, string>> = {
  csv: 'text/csv; charset=utf-8',
  jsonl: 'application/x-ndjson',
};

/** How the CSV of the input is written. */
export interface CsvDialect {
  /** One ASCII character. */
  readonly delimiter: string;
  /** Whether the first record names the columns; else they are `c0`, `c1`, …. */
  readonly header: boolean;
  /** Whether a quoted cell may hold line breaks; without them a file is planned without a scan. */
  readonly quotedLineBreaks: boolean;
}

/** Where the rows come from, as the caller named it. */
export type BatchInput =
  | { readonly kind: 'blob'; readonly blob: string }
  | { readonly kind: 'url'; readonly url: string }
  /** The data came with the request, and lies in the job's folder. */
  | { readonly kind: 'data' };

/** What was asked for. */
export interface BatchRequest {
  readonly model: ModelName;
  /** Undefined: the production version when the job is planned. */
  readonly wanted: Version | AliasName | undefined;
  readonly input: BatchInput;
  readonly format: BatchFormat;
  readonly csv: CsvDialect;
  readonly keep: readonly string[];
  /** Which columns feed which input, over the card's. */
  readonly inputs?: Readonly<Record<string, string | readonly string[]>>;
  /** Absent: all of the model's. */
  readonly outputs?: readonly string[];
  /** Below the container `batches`; absent: the job's own folder. */
  readonly outputPrefix?: string;
  /** More failed rows than this fail the job. */
  readonly errorThreshold?: number;
}

export type BatchState = 'queued' | 'running' | 'completed' | 'failed' | 'cancelled';

/** A blob as it was when the job was planned. */
export interface BatchSource {
  /** `container/name`. */
  readonly blob: string;
  readonly etag: string;
  readonly bytes: number;
}

/** How rows are counted. */
export interface RowCounts {
  readonly scored: number;
  readonly failed: number;
}

/** What planning settled; nothing of it changes later. */
export interface PlannedBatch {
  readonly incarnation: number;
  readonly version: Version;
  readonly digest: Digest;
  /** The rows as they are read: the input, or what it was inflated to. */
  readonly source: BatchSource;
  readonly plan: ChunkPlan;
  /** Where the chunks begin, for an `offsets` plan. */
  readonly offsets?: BatchSource;
  /** The columns' names in their order; empty for JSONL. */
  readonly columns: readonly string[];
  readonly table: RowTable;
  /** The output's first line with its LF; empty for JSONL. */
  readonly outputHeader: string;
  /** About how many bytes of rows a thread scores in a tenth of a second. */
  readonly pieceBytes: number;
}

/** One job: a document of its own. */
export interface BatchJob {
  readonly id: BatchId;
  readonly state: BatchState;
  /** Why it failed, or who cancelled it, for the caller. */
  readonly reason?: string;
  readonly request: BatchRequest;
  readonly who: string;
  /** Of the request that it came with, as W3C Trace Context has it; all work on it is in that trace. */
  readonly traceparent?: string | undefined;
  readonly createdAt: number;
  readonly planned?: PlannedBatch;
  /** When the first chunk may have begun. */
  readonly startedAt?: number;
  readonly finishedAt?: number;
  /** At the end. */
  readonly rows?: RowCounts;
  readonly chunksDone?: number;
  /** When the document and its blobs go. Milliseconds since the epoch, as all times here. */
  readonly expiresAt: number;
}

/** Whether nothing will change any more. */
export function hasEnded({ state }: Pick<BatchJob, 'state'>): boolean {
  return state === 'completed' || state === 'failed' || state === 'cancelled';
}
