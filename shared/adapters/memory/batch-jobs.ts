import type { BatchJob } from '../../batch/job.ts';
import type { BatchJobs, BatchKey } from '../../ports/batches.ts';
import type { Clock } from '../../ports/clock.ts';
import { type BatchDocument, jobDocument, keyDocument, keyId } from '../batch-document.ts';
import { answering } from './answering.ts';

interface Slot {
  readonly json: string;
  readonly etag: string;
}

/** Batch jobs in memory, for tests: text is kept, so that nothing is shared with its callers. */
export function createMemoryBatchJobs({ clock }: { clock: Clock }): BatchJobs {
  const slots = new Map<string, Slot>();
  let writes = 0;

  const put = (document: BatchDocument): string => {
    writes += 1;
    const etag = `"${writes}"`;
    slots.set(document.id, { json: JSON.stringify(document), etag });
    return etag;
  };
  const jobs = (): BatchDocument<BatchJob>[] =>
    [...slots.values()]
      .map(({ json }) => JSON.parse(json) as BatchDocument<BatchJob>)
      .filter(({ kind }) => kind === 'job');

  return {
    create: answering((job: BatchJob) => {
      const document = jobDocument(job, clock());
      return !slots.has(job.id) && put(document) !== '';
    }),
    read: answering((id: string) => {
      const slot = slots.get(id);
      if (!slot) return undefined;
      const { body } = JSON.parse(slot.json) as BatchDocument<BatchJob>;
      return body.expiresAt > clock() ? { value: body, etag: slot.etag } : undefined;
    }),
    replace: answering((job: BatchJob, etag: string) => {
      const document = jobDocument(job, clock());
      if (slots.get(job.id)?.etag !== etag) return undefined;
      return { value: job, etag: put(document) };
    }),
    list: answering(({ before, limit, now }: { before?: string; limit: number; now: number }) =>
      jobs()
        .filter(({ id, expiresAt }) => (before === undefined || id < before) && expiresAt > now)
        .sort((a, b) => (a.id < b.id ? 1 : -1))
        .slice(0, limit)
        .map(({ body }) => body),
    ),
    listUnfinished: answering(({ limit }: { limit: number }) =>
      jobs()
        .filter(({ unfinished }) => unfinished)
        .slice(0, limit)
        .map(({ body }) => body),
    ),
    listExpired: answering(({ now, limit }: { now: number; limit: number }) =>
      jobs()
        .filter(({ expiresAt }) => expiresAt <= now)
        .slice(0, limit)
        .map(({ body }) => body),
    ),
    remove: answering((id: string) => void slots.delete(id)),
    claimKey: answering((entry: BatchKey) => {
      const document = keyDocument(entry, clock());
      const slot = slots.get(keyId(entry.key));
      const stands = slot && (JSON.parse(slot.json) as BatchDocument<BatchKey>).body;
      if (stands && stands.expiresAt > clock()) return stands;
      put(document);
      return entry;
    }),
  };
}
