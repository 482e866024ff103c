import type * as z from 'zod';
import { messageOf, ServingError } from '../shared/errors.ts';
import { quoted } from '../shared/ids.ts';
import type { Request } from './trigger.ts';

/**
 * The body's length as its sender declares it; undefined for a chunked one.
 * @throws ServingError `malformed`, `tooLarge`
 */
export function declaredLength(
  request: Pick<Request, 'headers'>,
  maxBytes: number,
): number | undefined {
  const header = request.headers.get('content-length');
  if (header === null) return undefined;
  if (!/^[0-9]{1,16}$/.test(header)) {
    throw new ServingError({
      kind: 'malformed',
      detail: `Content-Length: expected a number of bytes, got ${quoted(header)}`,
    });
  }
  const length = Number(header);
  if (length > maxBytes) throw tooLarge(`has ${length} bytes`, maxBytes);
  return length;
}

/**
 * The whole body in an ArrayBuffer of its own, which may be transferred to a thread. One that is
 * too large is refused before it is read, or as soon as a chunked one proves to be.
 * @throws ServingError `tooLarge`, `malformed` when it ends early
 */
export async function readBody(request: Request, maxBytes: number): Promise<ArrayBuffer> {
  const declared = declaredLength(request, maxBytes);
  try {
    const body = declared === undefined ? await gather(request, maxBytes) : await whole(request);
    if (body.byteLength > maxBytes) throw tooLarge(`has ${body.byteLength} bytes`, maxBytes);
    return body;
  } catch (error) {
    if (error instanceof ServingError) throw error;
    throw new ServingError(
      { kind: 'malformed', detail: `body: could not be read to its end: ${messageOf(error)}` },
      { cause: error },
    );
  }
}

async function whole(request: Request): Promise<ArrayBuffer> {
  return await request.arrayBuffer();
}

async function gather(request: Request, maxBytes: number): Promise<ArrayBuffer> {
  if (request.body === null) return new ArrayBuffer(0);
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  // Leaving the loop cancels the stream.
  for await (const chunk of request.body) {
    bytes += chunk.byteLength;
    if (bytes > maxBytes) throw tooLarge('has more', maxBytes);
    chunks.push(chunk);
  }
  const all = new Uint8Array(bytes);
  let at = 0;
  for (const chunk of chunks) {
    all.set(chunk, at);
    at += chunk.byteLength;
  }
  return all.buffer;
}

/**
 * A JSON body as `schema` wants it; `what` names it in messages. Unknown members are the schema's
 * to refuse or drop. @throws ServingError `malformed` that names each wrong member, `tooLarge`
 */
export async function readJson<Schema extends z.ZodType>(
  request: Request,
  wanted: { schema: Schema; what: string; maxBytes: number },
): Promise<z.output<Schema>> {
  const bytes = await readBody(request, wanted.maxBytes);
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    throw new ServingError({
      kind: 'malformed',
      detail: `${wanted.what}: expected JSON in UTF-8: ${messageOf(error)}`,
    });
  }
  return parseAs(wanted.schema, value, wanted.what);
}

/** Checks a value from outside. @throws ServingError `malformed` that names each wrong member */
export function parseAs<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
  what: string,
): z.output<Schema> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issues = parsed.error.issues.map(
    (issue) => `${[what, ...issue.path.map(String)].join('.')}: ${issue.message}`,
  );
  throw new ServingError({ kind: 'malformed', detail: issues.slice(0, 10).join('; ') });
}

function tooLarge(came: string, maxBytes: number): ServingError {
  return new ServingError({
    kind: 'tooLarge',
    detail: `body: ${came}, at most ${maxBytes} are taken; put larger files to the URL that POST /uploads answers and name that blob instead`,
  });
}
