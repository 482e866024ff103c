import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createCosmosBatchJobs } from '../../shared/adapters/azure/batch-jobs.ts';
import { MAX_DOCUMENT_BYTES } from '../../shared/adapters/document-limits.ts';
import { createMemoryBatchJobs } from '../../shared/adapters/memory/batch-jobs.ts';
import { batchIdOf } from '../../shared/batch/batch-id.ts';
import type { BatchId, BatchJob } from '../../shared/batch/job.ts';
import type { ModelName } from '../../shared/ids.ts';
import type { BatchJobs } from '../../shared/ports/batches.ts';
import type { Clock } from '../../shared/ports/clock.ts';
import { type CosmosEmulator, startCosmosEmulator } from './cosmos.ts';

let emulator: CosmosEmulator;
beforeAll(async () => {
  emulator = await startCosmosEmulator();
});
afterAll(() => emulator.close());

let now = Date.parse('2026-01-02T03:04:05Z');
const clock: Clock = () => now;
const LATER_MS = 3_600_000;

/** An id of its own for each test: the emulator is shared by all of them. */
let made = 0;
const newId = () => batchIdOf(now + ++made, new Uint8Array(16));

const stores: [string, () => BatchJobs][] = [
  ['memory', () => createMemoryBatchJobs({ clock })],
  ['Cosmos', () => createCosmosBatchJobs(emulator.config, { clock })],
];

describe.each(stores)('batch jobs in %s', (_, open) => {
  let jobs: BatchJobs;
  beforeAll(() => {
    jobs = open();
  });

  /** Jobs of an hour that nobody else uses. */
  const apart = () => {
    now += 2 * LATER_MS;
  };

  test('a job is created once, and read with the tag of what stands', async () => {
    const job = jobOf(newId());
    expect(await jobs.read(job.id)).toBeUndefined();
    expect(await jobs.create(job)).toBe(true);
    expect(await jobs.create({ ...job, who: 'another' })).toBe(false);
    const read = await jobs.read(job.id);
    expect(read?.value).toEqual(job);
    const running: BatchJob = { ...job, state: 'running', startedAt: now };
    const replaced = await jobs.replace(running, read?.etag ?? '');
    expect(replaced?.value).toEqual(running);
    expect(await jobs.read(job.id)).toEqual(replaced);
    expect(await jobs.replace(job, read?.etag ?? '')).toBeUndefined();
    expect(await jobs.read(job.id)).toEqual(replaced);
  });

  test('of many that create or replace at once, one wins', async () => {
    const job = jobOf(newId());
    const created = await Promise.all(
      Array.from({ length: 10 }, (_, n) => jobs.create({ ...job, who: `${n}` })),
    );
    expect(created.filter(Boolean)).toHaveLength(1);
    const etag = (await jobs.read(job.id))?.etag ?? '';
    const ends = ['completed', 'cancelled', 'failed'] as const;
    const written = await Promise.all(ends.map((state) => jobs.replace({ ...job, state }, etag)));
    const winners = written.filter((each) => each !== undefined);
    expect(winners).toHaveLength(1);
    expect(await jobs.read(job.id)).toEqual(winners[0]);
  });

  test('jobs are listed newest first, page by page', async () => {
    apart();
    const ids = Array.from({ length: 7 }, newId);
    for (const id of [3, 0, 6, 1, 5, 2, 4].map((n) => ids[n] as BatchId)) {
      await jobs.create(jobOf(id));
    }
    const page = async (before: BatchId | undefined) => {
      const found = await jobs.list({ ...(before && { before }), limit: 3, now });
      return found.map((job) => job.id);
    };
    const [newest, middle] = [await page(undefined), await page(ids[4])];
    expect(newest).toEqual([ids[6], ids[5], ids[4]]);
    expect(middle).toEqual([ids[3], ids[2], ids[1]]);
    expect((await page(ids[1]))[0]).toEqual(ids[0]);
  });

  test('a list may be longer than what the store answers at once', async () => {
    apart();
    const ids = Array.from({ length: 130 }, newId);
    await Promise.all(ids.map((id) => jobs.create(jobOf(id))));
    const found = await jobs.list({ limit: 125, now });
    expect(found.map((job) => job.id)).toEqual(ids.reverse().slice(0, 125));
  });

  test('what is unfinished is found, and only that', async () => {
    apart();
    const states = ['queued', 'running', 'completed', 'failed', 'cancelled'] as const;
    const ids = states.map(newId);
    for (const [n, state] of states.entries()) {
      await jobs.create({ ...jobOf(ids[n] as BatchId), state });
    }
    const of = async () =>
      (await jobs.listUnfinished({ limit: 1_000 }))
        .map(({ id }) => id)
        .filter((id) => ids.includes(id))
        .sort();
    expect(await of()).toEqual(ids.slice(0, 2));
    const { value, etag } = (await jobs.read(ids[1] as BatchId)) ?? never();
    await jobs.replace({ ...value, state: 'failed', reason: 'no' }, etag);
    expect(await of()).toEqual(ids.slice(0, 1));
    expect(await jobs.listUnfinished({ limit: 1 })).toHaveLength(1);
  });

  test('what has expired is absent, its id taken until it is removed', async () => {
    apart();
    const [old, young] = [jobOf(newId()), { ...jobOf(newId()), expiresAt: now + 9 * LATER_MS }];
    await jobs.create(old);
    await jobs.create(young);
    const etag = (await jobs.read(old.id))?.etag ?? '';
    const before = now;
    now = old.expiresAt;
    expect(await jobs.read(old.id)).toBeUndefined();
    expect(await jobs.create(old)).toBe(false);
    const listed = (await jobs.list({ limit: 1_000, now })).map(({ id }) => id);
    expect(listed).toContain(young.id);
    expect(listed).not.toContain(old.id);
    const expired = async () => (await jobs.listExpired({ now, limit: 1_000 })).map(({ id }) => id);
    expect(await expired()).toContain(old.id);
    expect(await expired()).not.toContain(young.id);
    await jobs.remove(old.id);
    await jobs.remove(old.id);
    expect(await expired()).not.toContain(old.id);
    expect(await jobs.replace(old, etag)).toBeUndefined();
    expect(await jobs.create(old)).toBe(true);
    now = before;
    expect((await jobs.read(old.id))?.value).toEqual(old);
  });

  test('a key stands for the first that claimed it, until it expires', async () => {
    const entryOf = (fingerprint: string) => ({
      key: `key-of-${made}`,
      id: newId(),
      fingerprint,
      expiresAt: now + LATER_MS,
    });
    const entries = ['a', 'b', 'c', 'd'].map((fingerprint) => ({
      ...entryOf(fingerprint),
      key: 'k',
    }));
    const claims = await Promise.all(entries.map((entry) => jobs.claimKey(entry)));
    const [first] = claims;
    expect(claims).toEqual(entries.map(() => first));
    expect(entries).toContainEqual(first);
    const other = entryOf('e');
    expect(await jobs.claimKey(other)).toEqual(other);

    now += LATER_MS;
    const later = entries.map((entry) => ({ ...entry, expiresAt: now + LATER_MS }));
    const again = await Promise.all(later.map((entry) => jobs.claimKey(entry)));
    expect(again).toEqual(later.map(() => again[0]));
    expect(later).toContainEqual(again[0]);
    // A key is no job.
    expect((await jobs.list({ limit: 1_000, now })).every(({ id }) => id.length === 26)).toBe(true);
  });

  test("documents are held to Azure's limits", async () => {
    const huge = { ...jobOf(newId()), who: 'x'.repeat(MAX_DOCUMENT_BYTES) };
    await expect(jobs.create(huge)).rejects.toMatchObject({
      failure: { kind: 'conflict', detail: expect.stringMatching(/at most 1500000 bytes, got 15/) },
    });
    expect(await jobs.read(huge.id)).toBeUndefined();
  });
});

test('Cosmos is told to remove a job a week after it has expired, and a key when it has', async () => {
  const { jobDocument, keyDocument } = await import('../../shared/adapters/batch-document.ts');
  const job = { ...jobOf(newId()), expiresAt: now + 10_500 };
  expect(jobDocument(job, now).ttl).toBe(11 + 7 * 86_400);
  expect(jobDocument(job, now + 99_999).ttl).toBe(1 + 7 * 86_400);
  const entry = { key: 'k', id: job.id, fingerprint: 'f', expiresAt: now + 10_500 };
  expect(keyDocument(entry, now).ttl).toBe(11);
  expect(keyDocument(entry, now + 99_999).ttl).toBe(1);
});

test('a Cosmos that is gone is unavailable', async () => {
  const own = await startCosmosEmulator();
  const jobs = createCosmosBatchJobs(own.config, { clock });
  const unavailable = { failure: { kind: 'unavailable' } };
  await own.close();
  await expect(jobs.read(newId())).rejects.toMatchObject(unavailable);
  await expect(jobs.create(jobOf(newId()))).rejects.toMatchObject(unavailable);
  await expect(jobs.list({ limit: 1, now })).rejects.toMatchObject(unavailable);
});

function jobOf(id: BatchId): BatchJob {
  return {
    id,
    state: 'queued',
    request: {
      model: 'churn' as ModelName,
      wanted: undefined,
      input: { kind: 'data' },
      format: 'csv',
      csv: { delimiter: ',', header: true, quotedLineBreaks: true },
      keep: ['id', 'Straße'],
    },
    who: 'somebody',
    createdAt: now,
    expiresAt: now + LATER_MS,
  };
}

function never(): never {
  throw new Error('expected a job');
}
