import type * as z from 'zod';
import { messageOf, ServingError } from '../shared/errors.ts';
import type { Hold } from '../shared/inference/byte-budget.ts';
import { bodyChunks } from './body-chunks.ts';
import { declaredLength, tooLarge } from './content-length.ts';
import type { Request } from './trigger.ts';

/**
 * The whole body. One that is too large is refused before it is read, or as soon as a chunked one
 * proves to be. `hold` takes its bytes of a budget first; `alignedAt` is the byte that would best lie
 * at a multiple of 8.
 * @throws ServingError `tooLarge`, `overloaded`, `malformed` when it ends early
 */
export async function readBody(
  request: Request,
  maxBytes: number,
  hold?: Hold,
  alignedAt?: number,
): Promise<Uint8Array> {
  const declared = declaredLength(request, maxBytes);
  try {
    if (declared !== undefined) hold?.take(declared);
    const body =
      declared === undefined
        ? await gather(request, maxBytes, hold)
        : await request.bytes(alignedAt);
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

async function gather(request: Request, maxBytes: number, hold?: Hold): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of bodyChunks(request, maxBytes)) {
    hold?.take(chunk.byteLength);
    chunks.push(chunk);
    bytes += chunk.byteLength;
  }
  const all = new Uint8Array(bytes);
  let at = 0;
  for (const chunk of chunks) {
    all.set(chunk, at);
    at += chunk.byteLength;
  }
  return all;
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
