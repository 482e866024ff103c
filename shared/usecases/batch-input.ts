import { inflated, isGzip } from '../batch/gzip.ts';
import type { BatchInput, BatchJob, BatchSource } from '../batch/job.ts';
import { ServingError } from '../errors.ts';
import { quoted } from '../ids.ts';
import type { BatchDeps } from './batch-deps.ts';

type Deps = Pick<BatchDeps, 'batchFiles' | 'config'>;

/** The longest that a host may take to send a file. */
const FETCH_MS = 540_000;

/**
 * The rows of a job as they can be read in parts: the blob that was named, or what was fetched or
 * inflated into the job's folder. What is written there is named after the `attempt`: another one at
 * the same time must not change what this one has pinned.
 * @throws ServingError `malformed` (gone, no gzip, a host that answers otherwise), `tooLarge`, `unavailable`
 */
export async function openInput(
  deps: Deps,
  { id, request }: BatchJob,
  attempt: string,
): Promise<BatchSource> {
  const source = await sourceOf(deps, id, request.input, attempt);
  const head: Uint8Array[] = [];
  if (source.bytes >= 2) {
    for await (const part of deps.batchFiles.read(source, 0, 2)) head.push(part);
  }
  if (!isGzip(Buffer.concat(head))) return source;
  const { maxBatchBytes: maxBytes } = deps.config;
  const text = inflated(deps.batchFiles.read(source, 0, source.bytes), { maxBytes });
  return await deps.batchFiles.write(id, `inflated-${attempt}`, text, { maxBytes });
}

async function sourceOf(
  { batchFiles, config }: Deps,
  id: BatchJob['id'],
  input: BatchInput,
  attempt: string,
): Promise<BatchSource> {
  if (input.kind === 'url') {
    const content = fetched(input.url);
    const { maxBatchBytes: maxBytes } = config;
    return await batchFiles.write(id, `input-${attempt}`, content, { maxBytes });
  }
  const blob = input.kind === 'blob' ? input.blob : `batches/${id}/input`;
  const source = await batchFiles.pin(blob);
  if (!source) throw malformed(`input: there is no blob ${quoted(blob)} any more`);
  return source;
}

/** The body of a URL. Where it redirects to is not followed: only named hosts may be read. */
async function* fetched(url: string): AsyncGenerator<Uint8Array> {
  let response: Response;
  try {
    response = await fetch(url, { redirect: 'error', signal: AbortSignal.timeout(FETCH_MS) });
  } catch (cause) {
    throw unavailable(`input: ${new URL(url).host} can't be read`, cause);
  }
  if (response.status >= 500) throw unavailable(`input: it was answered ${response.status}`);
  if (response.status !== 200 || !response.body) {
    throw malformed(`input: expected 200 from its URL, got ${response.status}`);
  }
  const declared = response.headers.get('content-length');
  let bytes = 0;
  for await (const chunk of response.body as ReadableStream<Uint8Array>) {
    bytes += chunk.byteLength;
    yield chunk;
  }
  const isEncoded = response.headers.has('content-encoding');
  if (declared !== null && !isEncoded && bytes !== Number(declared)) {
    throw unavailable(`input: expected the ${declared} bytes it has, got ${bytes}`);
  }
}

function malformed(detail: string): ServingError {
  return new ServingError({ kind: 'malformed', detail });
}

function unavailable(detail: string, cause?: unknown): ServingError {
  return new ServingError({ kind: 'unavailable', detail, retryAfterSeconds: 5 }, { cause });
}
