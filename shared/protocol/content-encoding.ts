import { deflateSync, gunzipSync, gzipSync, inflateSync } from 'node:zlib';
import { ServingError } from '../errors.ts';

/** Answers smaller than this are sent as they are: compressing them costs more than it saves. */
const MIN_COMPRESSED_BYTES = 1_024;

/**
 * Undoes a request's Content-Encoding (gzip; deflate is zlib's format, RFC 1950).
 * @throws ServingError `unsupportedMedia`, `malformed` (damaged), `tooLarge` (once inflated)
 */
export function inflate(
  body: Uint8Array,
  encoding: string | undefined,
  maxBytes: number,
): Uint8Array {
  const name = encoding?.trim().toLowerCase() ?? '';
  if (name === '' || name === 'identity') return body;
  if (name !== 'gzip' && name !== 'deflate') {
    throw new ServingError({
      kind: 'unsupportedMedia',
      detail: `Content-Encoding: expected gzip, deflate or identity, got ${JSON.stringify(name.slice(0, 60))}`,
    });
  }
  try {
    const options = { maxOutputLength: maxBytes };
    return name === 'gzip' ? gunzipSync(body, options) : inflateSync(body, options);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') {
      throw new ServingError(
        { kind: 'tooLarge', detail: `the body is larger than ${maxBytes} bytes once inflated` },
        { cause },
      );
    }
    throw new ServingError(
      { kind: 'malformed', detail: `the body is not ${name}: ${(cause as Error).message}` },
      { cause },
    );
  }
}

export type AnswerEncoding = 'gzip' | 'deflate';

/** Compresses an answer as Accept-Encoding prefers; undefined when it goes as it is. */
export function compress(
  body: Uint8Array,
  accepted: string | undefined,
): { body: Uint8Array; encoding: AnswerEncoding } | undefined {
  if (!accepted || body.byteLength < MIN_COMPRESSED_BYTES) return undefined;
  const encoding = preferredEncoding(accepted);
  if (!encoding) return undefined;
  // Level 1: tensors compress little, and a worker thread waits for it.
  const options = { level: 1 };
  return {
    encoding,
    body: encoding === 'gzip' ? gzipSync(body, options) : deflateSync(body, options),
  };
}

/** The encoding a caller prefers of those we write, by RFC 9110 12.5.3; undefined: identity. */
export function preferredEncoding(accepted: string): AnswerEncoding | undefined {
  const weights = new Map<string, number>();
  for (const part of accepted.toLowerCase().split(',')) {
    const [name = '', ...parameters] = part.split(';').map((text) => text.trim());
    const weight = parameters.find((parameter) => parameter.startsWith('q='))?.slice(2);
    weights.set(name, weight === undefined ? 1 : Number(weight) || 0);
  }
  const weightOf = (name: string): number => weights.get(name) ?? weights.get('*') ?? 0;
  const gzip = weightOf('gzip');
  const deflate = weightOf('deflate');
  const best = Math.max(gzip, deflate);
  if (best <= 0 || (weights.get('identity') ?? 0) > best) return undefined;
  return gzip >= deflate ? 'gzip' : 'deflate';
}
