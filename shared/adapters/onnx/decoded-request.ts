import { ServingError } from '../../errors.ts';
import { inflate } from '../../protocol/content-encoding.ts';
import type { InferRequest } from '../../protocol/infer-request.ts';
import { decodeRequest } from '../../protocol/request.ts';
import { monotonicNs, type RunRequest, type SessionModel } from './thread-protocol.ts';

/** A request that was decoded and waits for its run. */
export interface Decoded {
  /** Its place among the requests it came with. */
  readonly index: number;
  readonly source: RunRequest;
  readonly request: InferRequest;
  readonly rows: number;
  readonly startedAt: number;
  readonly decodedAt: number;
}

/** Reads a request, begun at `startedAt`. @throws ServingError `malformed`, `tooLarge`, `unsupportedMedia`, `deadlinePassed` */
export function decode(
  model: SessionModel,
  source: RunRequest,
  index: number,
  startedAt: number,
): Decoded {
  const body = inflate(source.body, source.contentEncoding, model.maxBodyBytes);
  const request = decodeRequest(body, source.headerLength, model.signature);
  refuseIfLate(request.parameters.timeoutMicroseconds, source.arrivedAt);
  const rows = request.inputs[0]?.shape[0] ?? 1;
  return { index, source, request, rows, startedAt, decodedAt: monotonicNs() };
}

/** The caller's own time-out counts from arrival, whether or not the queue knew of it. */
function refuseIfLate(timeoutMicroseconds: number | undefined, arrivedAt: number): void {
  // 0 is Triton's "no time-out".
  if (!timeoutMicroseconds || monotonicNs() - arrivedAt <= timeoutMicroseconds * 1000) return;
  throw new ServingError({
    kind: 'deadlinePassed',
    detail: `the request's timeout of ${timeoutMicroseconds} µs passed before the model ran`,
  });
}

/** Requests that may share a run: alike in all but the rows, and no more rows than `maxRows`. */
export function batches(decoded: readonly Decoded[], maxRows: number): Decoded[][] {
  if (maxRows <= 1 || decoded.length <= 1) return decoded.map((one) => [one]);
  const finished: Decoded[][] = [];
  const open = new Map<string, { batch: Decoded[]; rows: number }>();
  for (const one of decoded) {
    const rows = commonRows(one);
    if (rows === undefined || rows >= maxRows) {
      finished.push([one]);
      continue;
    }
    const key = one.request.inputs.map(({ shape }) => shape.slice(1).join('x')).join(';');
    const group = open.get(key);
    if (group && group.rows + rows <= maxRows) {
      group.batch.push(one);
      group.rows += rows;
    } else {
      if (group) finished.push(group.batch);
      open.set(key, { batch: [one], rows });
    }
  }
  return [...finished, ...[...open.values()].map(({ batch }) => batch)];
}

/** How many rows every input has; undefined when they differ, or there are none to share. */
function commonRows({ request, rows }: Decoded): number | undefined {
  return rows > 0 && request.inputs.every(({ shape }) => shape[0] === rows) ? rows : undefined;
}
