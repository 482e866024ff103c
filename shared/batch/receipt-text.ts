import { ServingError } from '../errors.ts';
import { GROUP_CHUNKS, MAX_CHUNKS } from './chunk-plan.ts';
import { type ChunkReceipt, groupOf } from './receipt.ts';

// How receipts are kept. What was kept is checked when it is read: a receipt decides which blocks
// become the output.

const ATTEMPT = /^[0-9a-f]{8}$/;
const COUNT = /^(0|[1-9][0-9]{0,15})$/;

/** A receipt as the metadata of a blob whose name tells the chunk: names in lower case, text only. */
export function receiptMetadata(receipt: ChunkReceipt): Record<string, string> {
  return {
    attempt: receipt.attempt,
    outputblocks: String(receipt.outputBlocks),
    haserrors: String(receipt.hasErrors),
    lines: String(receipt.lines),
    scored: String(receipt.scored),
    failed: String(receipt.failed),
  };
}

/** @throws ServingError `damaged` */
export function receiptOfMetadata(
  chunk: number,
  metadata: Readonly<Record<string, string | undefined>>,
): ChunkReceipt {
  const count = (name: string) => {
    const text = metadata[name] ?? '';
    return COUNT.test(text) ? Number(text) : undefined;
  };
  const flag = metadata.haserrors;
  return checked(
    {
      chunk,
      attempt: metadata.attempt,
      outputBlocks: count('outputblocks'),
      hasErrors: flag === 'true' || flag === 'false' ? flag === 'true' : undefined,
      lines: count('lines'),
      scored: count('scored'),
      failed: count('failed'),
    },
    `receipt of chunk ${chunk}`,
  );
}

/** A group's receipts as JSON, by chunk. */
export function groupText(receipts: readonly ChunkReceipt[]): string {
  return JSON.stringify([...receipts].sort((a, b) => a.chunk - b.chunk));
}

/** @throws ServingError `damaged` */
export function receiptsOfText(text: string, group: number): ChunkReceipt[] {
  const what = `receipts of group ${group}`;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw damaged(what, text.slice(0, 60), cause);
  }
  if (!Array.isArray(value) || value.length === 0 || value.length > GROUP_CHUNKS) {
    throw damaged(what, typeof value);
  }
  const first = group * GROUP_CHUNKS;
  return value.map((each: unknown, place) => {
    const receipt = checked(each, what);
    if (receipt.chunk !== first + place || groupOf(receipt.chunk) !== group) {
      throw damaged(what, `chunk ${receipt.chunk} in place of ${first + place}`);
    }
    return receipt;
  });
}

function checked(value: unknown, what: string): ChunkReceipt {
  const { chunk, attempt, outputBlocks, hasErrors, lines, scored, failed } = (value ??
    {}) as Partial<Record<keyof ChunkReceipt, unknown>>;
  if (
    isCount(chunk) &&
    chunk < MAX_CHUNKS &&
    typeof attempt === 'string' &&
    ATTEMPT.test(attempt) &&
    isCount(outputBlocks) &&
    typeof hasErrors === 'boolean' &&
    isCount(lines) &&
    isCount(scored) &&
    isCount(failed)
  ) {
    return { chunk, attempt, outputBlocks, hasErrors, lines, scored, failed };
  }
  throw damaged(what, JSON.stringify(value).slice(0, 200));
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function damaged(what: string, got: string, cause?: unknown): ServingError {
  return new ServingError(
    { kind: 'damaged', detail: `${what}: not what was written: ${got}` },
    { cause },
  );
}
