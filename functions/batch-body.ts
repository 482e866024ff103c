import * as z from 'zod';
import type { BatchFormat, BatchRequest, CsvDialect } from '../shared/batch/job.ts';
import { parseOutputPrefix } from '../shared/batch/output-prefix.ts';
import { ServingError } from '../shared/errors.ts';
import { parseModelName, parseVersionOrAlias, quoted } from '../shared/ids.ts';
import { parseAs, readJson } from './body.ts';
import { bodyChunks } from './body-chunks.ts';
import type { Request } from './trigger.ts';

/** What a POST /batches asks for, and the rows if they are its body. */
export interface BatchBody {
  readonly request: BatchRequest;
  readonly data?: AsyncIterable<Uint8Array>;
}

const MAX_JSON_BYTES = 1_000_000;

const column = z.string().min(1).max(1_024);
const columns = z.array(column).max(10_000);
const delimiter = z
  .string()
  .regex(/^[\t\x20-\x7e]$/, 'expected one ASCII character')
  .refine((text) => text !== '"', 'expected another character than the quote');

/** Below the container `batches`, whose name may stand in front. */
const prefix = z
  .string()
  .transform((text) => parseOutputPrefix(text.replace(/^batches\//, '').replace(/\/$/, '')));

const format = z.enum(['csv', 'jsonl']);
const version = z.union([z.string(), z.number()]).transform(String);
const plain = {
  model: z.string(),
  version: version.nullish(),
  keep: columns.nullish(),
  outputs: columns.nullish(),
  errorThreshold: z.int().min(0).nullish(),
};

const body = z.strictObject({
  ...plain,
  input: z.union(
    [
      z.strictObject({ blob: z.string().min(1).max(2_048) }),
      z.strictObject({ url: z.url().max(8_192) }),
    ],
    'expected {"blob": "uploads/…"} or {"url": "https://…"}',
  ),
  format,
  csv: z
    .strictObject({
      delimiter: delimiter.nullish(),
      header: z.boolean().nullish(),
      quotedLineBreaks: z.boolean().nullish(),
    })
    .nullish(),
  inputs: z.record(z.string(), z.union([column, columns])).nullish(),
  output: z.strictObject({ prefix }).nullish(),
});

const query = z.strictObject({
  ...plain,
  format: format.nullish(),
  delimiter: delimiter.nullish(),
  header: z.stringbool({ truthy: ['true'], falsy: ['false'] }).nullish(),
  quotedLineBreaks: z.stringbool({ truthy: ['true'], falsy: ['false'] }).nullish(),
  prefix: prefix.nullish(),
  errorThreshold: z.coerce.number().int().min(0).nullish(),
});
const QUERY_MEMBERS = Object.keys(query.shape);
/** Given as often as there are columns, or once with commas between them. */
const LISTS = new Set(['keep', 'outputs']);

const FORMATS: Readonly<Record<string, BatchFormat>> = {
  'text/csv': 'csv',
  'application/x-ndjson': 'jsonl',
  'application/jsonl': 'jsonl',
};

/**
 * Reads a request for a job: JSON that names the input, or the rows themselves with the plain
 * members as query parameters. @throws ServingError `malformed`, `unsupportedMedia`, `tooLarge`
 */
export async function readBatchBody(request: Request, maxBytes: number): Promise<BatchBody> {
  const contentType = request.headers.get('content-type') ?? '';
  const type = contentType.split(';', 1)[0]?.trim().toLowerCase() ?? '';
  if (type === 'application/json') {
    return { request: await fromJson(request) };
  }
  const rowsAs = FORMATS[type];
  if (!rowsAs) {
    throw new ServingError({
      kind: 'unsupportedMedia',
      detail: `Content-Type: expected application/json (naming the input), or the rows as text/csv or application/x-ndjson; got ${quoted(contentType)}`,
    });
  }
  return { request: fromQuery(request, rowsAs), data: bodyChunks(request, maxBytes) };
}

async function fromJson(request: Request): Promise<BatchRequest> {
  const { csv, inputs, output, input, ...rest } = await readJson(request, {
    schema: body,
    what: 'batch',
    maxBytes: MAX_JSON_BYTES,
  });
  return {
    ...plainMembers(rest),
    format: rest.format,
    csv: dialect(csv ?? {}),
    input: 'blob' in input ? { kind: 'blob', ...input } : { kind: 'url', ...input },
    ...(inputs && { inputs }),
    ...(output && { outputPrefix: output.prefix }),
  };
}

function fromQuery(request: Request, rowsAs: BatchFormat): BatchRequest {
  const given: Record<string, unknown> = {};
  const { searchParams } = new URL(request.url, 'http://host');
  for (const name of searchParams.keys()) {
    if (!QUERY_MEMBERS.includes(name) && name !== 'code') {
      throw new ServingError({
        kind: 'malformed',
        detail: `?${quoted(name)}: expected one of ${QUERY_MEMBERS.join(', ')}`,
      });
    }
    if (name === 'code') continue;
    const values = searchParams.getAll(name);
    given[name] = LISTS.has(name) ? values.flatMap((value) => value.split(',')) : values.at(-1);
  }
  const parsed = parseAs(query, given, 'query');
  if (parsed.format && parsed.format !== rowsAs) {
    throw new ServingError({
      kind: 'malformed',
      detail: `?format=${parsed.format}: the body's Content-Type says ${rowsAs}`,
    });
  }
  return {
    ...plainMembers(parsed),
    format: rowsAs,
    csv: dialect(parsed),
    input: { kind: 'data' },
    ...(parsed.prefix && { outputPrefix: parsed.prefix }),
  };
}

type Plain = z.output<z.ZodObject<typeof plain>>;

function plainMembers({ model, version: wanted, keep, outputs, errorThreshold }: Plain) {
  return {
    model: parseModelName(model),
    wanted: wanted == null ? undefined : parseVersionOrAlias(wanted),
    keep: keep ?? [],
    ...(outputs && { outputs }),
    ...(errorThreshold != null && { errorThreshold }),
  };
}

function dialect(
  given: {
    readonly [Member in keyof CsvDialect]?: CsvDialect[Member] | null | undefined;
  },
): CsvDialect {
  return {
    delimiter: given.delimiter ?? ',',
    header: given.header ?? true,
    quotedLineBreaks: given.quotedLineBreaks ?? true,
  };
}
