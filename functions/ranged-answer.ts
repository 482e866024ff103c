import { quoted } from '../shared/ids.ts';
import { byteRange } from './byte-range.ts';
import { ifNoneMatchHas } from './etag.ts';
import { problemAnswer } from './problem.ts';
import type { Answer, Request } from './trigger.ts';

/** Bytes that a caller may want in parts. */
export interface Ranged {
  /** Strong, with its quotes. */
  readonly etag: string;
  readonly bytes: number;
  readonly headers: Readonly<Record<string, string>>;
  /** The bytes [start, end). */
  open(start: number, end: number): Promise<ReadableStream<Uint8Array>>;
}

/** Answers with the bytes, or the part of them that is asked for: 200, 206, 304 or 416. */
export async function rangedAnswer(request: Request, ranged: Ranged): Promise<Answer> {
  const { etag, bytes } = ranged;
  const headers = { etag, 'accept-ranges': 'bytes' };
  if (ifNoneMatchHas(request.headers.get('if-none-match'), etag)) return { status: 304, headers };
  // If-Range: the part only if it is of what the caller has begun to read.
  const ifRange = request.headers.get('if-range')?.trim() ?? etag;
  const range = byteRange(ifRange === etag ? request.headers.get('range') : null, bytes);
  if (range.kind === 'unsatisfiable') {
    const problem = problemAnswer(request, {
      kind: 'rangeNotSatisfiable',
      detail: `Range: expected a part of the ${bytes} bytes, got ${quoted(request.headers.get('range') ?? '')}`,
    });
    const contentRange = { 'content-range': `bytes */${bytes}` };
    return { ...problem, headers: { ...problem.headers, ...contentRange } };
  }
  const { start, end } = range.kind === 'part' ? range : { start: 0, end: bytes };
  return {
    status: range.kind === 'part' ? 206 : 200,
    headers: {
      ...headers,
      ...ranged.headers,
      'content-length': String(end - start),
      ...(range.kind === 'part' && { 'content-range': `bytes ${start}-${end - 1}/${bytes}` }),
    },
    body: await ranged.open(start, end),
  };
}
