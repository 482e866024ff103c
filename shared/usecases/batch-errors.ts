import type { BatchFormat, BatchJob } from '../batch/job.ts';
import { type ChunkReceipt, chunkErrorsName, lineOffsets } from '../batch/receipt.ts';
import type { RowFailure } from '../batch/row-table.ts';
import type { BatchFiles } from '../ports/batches.ts';

const CSV_HEADER = 'line,reason,row\n';

/** Failed rows as a chunk leaves them: JSON lines whose `line` counts from 0 in the chunk. */
export function encodeFailures(failures: readonly RowFailure[], linesBefore: number): Uint8Array {
  const lines = failures.map((failure) =>
    JSON.stringify({ ...failure, line: failure.line + linesBefore }),
  );
  return Buffer.from(`${lines.join('\n')}\n`);
}

/**
 * All failed rows of a job with the numbers of their lines in the input, from 1: CSV with a header
 * `line,reason,row`, or an object a line. Nothing when none has failed.
 */
export async function* errorLines(
  files: Pick<BatchFiles, 'pin' | 'read'>,
  job: BatchJob,
  receipts: readonly ChunkReceipt[],
): AsyncGenerator<Uint8Array> {
  const { format } = job.request;
  const offsets = lineOffsets(receipts, job.planned?.plan.firstLine ?? 1);
  let first = true;
  for (const { chunk, attempt, hasErrors } of receipts) {
    if (!hasErrors) continue;
    if (first && format === 'csv') yield Buffer.from(CSV_HEADER);
    first = false;
    const name = `batches/${job.id}/${chunkErrorsName(chunk, attempt)}`;
    const blob = await files.pin(name);
    if (!blob) throw new Error(`${name} is gone, though its chunk has a receipt`);
    for await (const lines of wholeLines(files.read(blob, 0, blob.bytes))) {
      const failures = lines.map((line) => JSON.parse(line) as RowFailure);
      yield Buffer.from(
        failures.map((failure) => errorLine(failure, offsets[chunk] ?? 0, format)).join(''),
      );
    }
  }
}

function errorLine({ line, reason, row }: RowFailure, offset: number, format: BatchFormat): string {
  const at = line + offset;
  return format === 'csv'
    ? `${at},${cell(reason)},${cell(row)}\n`
    : `${JSON.stringify({ line: at, reason, row })}\n`;
}

function cell(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Lines of text as they come together, without their ends. */
async function* wholeLines(source: AsyncIterable<Uint8Array>): AsyncGenerator<string[]> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const bytes of source) {
    const lines = (rest + decoder.decode(bytes, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    if (lines.length > 0) yield lines;
  }
  if (rest !== '') yield [rest];
}
