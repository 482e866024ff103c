import { createHash, randomBytes } from 'node:crypto';
import { batchIdOf } from '../batch/batch-id.ts';
import type { BatchId, BatchInput, BatchJob, BatchRequest } from '../batch/job.ts';
import { ServingError } from '../errors.ts';
import { quoted } from '../ids.ts';
import { canonicalJson } from '../registry/canonical-json.ts';
import type { BatchDeps } from './batch-deps.ts';

type Deps = Pick<
  BatchDeps,
  'clock' | 'config' | 'batchJobs' | 'batchFiles' | 'messages' | 'models'
>;

/** A job that is wanted; `data` is the rows where they came with the request. */
export interface WantedBatch {
  readonly request: BatchRequest;
  readonly data?: AsyncIterable<Uint8Array>;
  readonly who: string;
  /** Of the request, as W3C Trace Context has it. */
  readonly traceparent?: string | undefined;
  /** The same key within a day answers with the same job. */
  readonly idempotencyKey?: string;
}

/** The same Idempotency-Key answers as before for this long. */
const KEY_TTL_MS = 86_400_000;

/**
 * Takes a job on: it is planned by the queue. @throws ServingError `notFound` (model, version),
 * `notReady`, `malformed` (no such blob, a host that isn't allowed), `tooLarge`, `conflict` (the key
 * came with another body, or the prefix is another job's)
 */
export async function createBatch(deps: Deps, wanted: WantedBatch): Promise<BatchJob> {
  const { request, who, idempotencyKey, traceparent } = wanted;
  // What is wrong with the model is told at once; which version it will be, planning settles.
  await deps.models.resolve(request.model, request.wanted, Math.random());
  await requireInput(deps, request.input);

  const now = deps.clock();
  let id = batchIdOf(now, randomBytes(16));
  const digest = await takeData(deps, id, wanted);
  if (idempotencyKey !== undefined) {
    const fingerprint = hashOf([canonicalJson(request, 'batch'), digest]);
    const entry = await deps.batchJobs.claimKey({
      key: hashOf([idempotencyKey, who, 'POST /batches']),
      id,
      fingerprint,
      expiresAt: now + KEY_TTL_MS,
    });
    if (entry.id !== id) await deps.batchFiles.purge(id, undefined);
    if (entry.fingerprint !== fingerprint) {
      throw new ServingError({
        kind: 'conflict',
        detail: `Idempotency-Key ${quoted(idempotencyKey)}: came with another body before`,
      });
    }
    const known = await deps.batchJobs.read(entry.id);
    if (known) return known.value;
    // Whoever claimed the key did not get to this point; data of theirs stands where `id` says.
    ({ id } = entry);
  }
  await requireFreePrefix(deps, request);
  const job: BatchJob = {
    id,
    state: 'queued',
    request,
    who,
    ...(traceparent !== undefined && { traceparent }),
    createdAt: now,
    expiresAt: now + deps.config.batchTtlMs,
  };
  if (!(await deps.batchJobs.create(job))) {
    const standing = await deps.batchJobs.read(id);
    if (standing) return standing.value;
  }
  await deps.messages.sendBatch([{ kind: 'plan', id, traceparent }]);
  return job;
}

async function requireInput({ batchFiles, config }: Deps, input: BatchInput): Promise<void> {
  if (input.kind === 'blob') {
    if (await batchFiles.pin(input.blob)) return;
    throw malformed(`input.blob: there is no blob ${quoted(input.blob)}`);
  }
  if (input.kind !== 'url') return;
  const { protocol, hostname } = new URL(input.url);
  if (protocol !== 'https:') throw malformed(`input.url: expected https, got ${quoted(protocol)}`);
  if (!config.batchUrlHosts.includes(hostname)) {
    throw malformed(
      `input.url: host ${quoted(hostname)} is not among those that may be read (PILOTLIGHT_BATCH_URL_HOSTS)`,
    );
  }
}

/** Another job's result is never written over: better told now than when all is scored. */
async function requireFreePrefix(
  { batchFiles }: Deps,
  { outputPrefix, format }: BatchRequest,
): Promise<void> {
  if (outputPrefix === undefined) return;
  const name = `batches/${outputPrefix}/output.${format}`;
  if (!(await batchFiles.pin(name))) return;
  throw new ServingError({
    kind: 'conflict',
    detail: `output.prefix: ${quoted(name)} stands there already, from another job`,
  });
}

/** Puts the rows that came along into the job's folder; answers their SHA-256. */
async function takeData(
  { batchFiles, config }: Deps,
  id: BatchId,
  { data }: WantedBatch,
): Promise<string> {
  if (!data) return '';
  const hash = createHash('sha256');
  async function* hashed(content: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of content) {
      hash.update(chunk);
      yield chunk;
    }
  }
  await batchFiles.write(id, 'input', hashed(data), { maxBytes: config.maxBatchBytes });
  return hash.digest('hex');
}

function hashOf(parts: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64url');
}

function malformed(detail: string): ServingError {
  return new ServingError({ kind: 'malformed', detail });
}
