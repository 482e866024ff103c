import { describe, expect, test } from '@jest/globals';
import { type Crash, mortality } from '../../test/mortality.ts';
import { telling } from '../../test/telling.ts';
import { createMemoryBatchFiles } from '../adapters/memory/batch-files.ts';
import { createMemoryBatchJobs } from '../adapters/memory/batch-jobs.ts';
import { createMemoryMessages } from '../adapters/memory/messages.ts';
import type { BatchId, BatchJob } from '../batch/job.ts';
import type { Digest, ModelName, Version } from '../ids.ts';
import type { Engine, ScoreAnswer, ServableModel } from '../ports/engine.ts';
import type { BatchMessage, Messages } from '../ports/messages.ts';
import type { RegistryStore } from '../ports/registry.ts';
import type { ModelRecord, Verdict } from '../registry/model-record.ts';
import { advanceBatch } from './advance-batch.ts';
import type { BatchDeps } from './batch-deps.ts';
import { createBatch } from './create-batch.ts';
import { cancelBatch } from './end-batch.ts';
import type { ServableModels } from './servable-models.ts';
import { sweepBatches } from './sweep-batches.ts';

const model = 'm' as ModelName;
const version = 1 as Version;
const SWEEP_AFTER_MS = 1_000;
const DAY_MS = 86_400_000;

const signature = {
  inputs: [{ name: 'x', datatype: 'FP32' as const, shape: [-1, 1] }],
  outputs: [{ name: 'y', datatype: 'FP32' as const, shape: [-1, 1] }],
};

/** "Scores" a row by repeating it; one that begins with `bad` fails. */
const engine: Pick<Engine, 'score'> = {
  score: async (_, { rows }): Promise<ScoreAnswer> => {
    await Promise.resolve();
    const lines = Buffer.from(rows).toString().split('\n');
    if (lines.at(-1) === '') lines.pop();
    const good = lines.filter((line) => !line.startsWith('bad'));
    return {
      output: Buffer.from(good.map((line) => `${line},scored\n`).join('')),
      lines: lines.length,
      scored: good.length,
      failures: lines.flatMap((row, line) =>
        row.startsWith('bad') ? [{ line, reason: 'bad', row }] : [],
      ),
      outputDimensions: [[1]],
    };
  },
};

/** What outlives a process. */
function world(maxChunkBytes: number) {
  const time = { now: 1_700_000_000_000 };
  return {
    time,
    state: 'ready' as 'ready' | 'retired',
    batchJobs: createMemoryBatchJobs({ clock: () => time.now }),
    batchFiles: createMemoryBatchFiles(),
    messages: createMemoryMessages(),
    maxChunkBytes,
    told: telling(),
  };
}
type World = ReturnType<typeof world>;

function processIn(shared: World, crash?: Crash): BatchDeps & { death: Promise<void> } {
  const { mortal, death } = mortality(crash);
  const record = {
    model,
    incarnation: 1,
    routing: { production: version },
    aliases: {},
    versions: [{ version, state: shared.state }],
  } as unknown as ModelRecord;
  const servable = {
    version,
    digest: 'd' as Digest,
    signature,
    batchRows: 8,
  } as unknown as ServableModel;
  const models = {
    // As an instance that has not looked for seconds: it knows no version yet.
    record: (_: ModelName, maxAgeMs?: number) =>
      Promise.resolve(maxAgeMs === 0 ? record : { ...record, versions: [] }),
    resolve: () => Promise.resolve({ servable }),
    servable: () => Promise.resolve(servable),
  } as unknown as ServableModels;
  const registry: Pick<RegistryStore, 'readVerdict'> = {
    readVerdict: () =>
      Promise.resolve({ card: {}, outcome: { kind: 'ready', runMs: 0.01 } } as unknown as Verdict),
  };
  return {
    clock: () => shared.time.now,
    config: {
      vcpus: 2,
      maxChunkBytes: shared.maxChunkBytes,
      batchTtlMs: 30 * DAY_MS,
      batchUrlHosts: [],
      maxBatchBytes: 1e9,
      sweepAfterMs: SWEEP_AFTER_MS,
    },
    batchJobs: mortal(shared.batchJobs),
    batchFiles: mortal(shared.batchFiles, ['read']),
    messages: mortal(shared.messages),
    registry,
    models,
    engine,
    telemetry: shared.told.telemetry,
    death,
  };
}

function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

async function* once(text: string): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(Buffer.from(text));
}

async function begin(
  shared: World,
  rows: string,
  quotedLineBreaks = true,
  traceparent?: string,
): Promise<BatchId> {
  const { id } = await createBatch(processIn(shared), {
    request: {
      model,
      wanted: undefined,
      input: { kind: 'data' },
      format: 'csv',
      csv: { delimiter: ',', header: true, quotedLineBreaks },
      keep: ['id'],
    },
    data: once(rows),
    who: 'a test',
    traceparent,
  });
  return id;
}

async function jobOf(shared: World, id: BatchId): Promise<BatchJob> {
  const stored = await shared.batchJobs.read(id);
  if (!stored) throw new Error('the job is gone');
  return stored.value;
}

const hasEnded = ({ state }: BatchJob) => state !== 'queued' && state !== 'running';

/** Takes messages out of the queue in their order, each once, until the job has ended. */
async function runCalmly(shared: World, id: BatchId): Promise<BatchJob> {
  for (;;) {
    const job = await jobOf(shared, id);
    if (hasEnded(job)) return job;
    const message = shared.messages.batch.shift();
    if (!message) throw new Error('nothing is queued');
    await advanceBatch(processIn(shared), message);
  }
}

/** Takes them in any order, most twice, some lost, by processes most of which die on the way. */
async function runWildly(shared: World, id: BatchId, random: () => number): Promise<BatchJob> {
  let crashes = 60;
  const mortalProcess = () => {
    const dies = crashes > 0 && random() < 0.6;
    if (dies) crashes--;
    const crash = { call: 1 + Math.floor(random() * 8), after: random() < 0.5 };
    return processIn(shared, dies ? crash : undefined);
  };
  for (;;) {
    const job = await jobOf(shared, id);
    if (hasEnded(job)) return job;
    const { batch } = shared.messages;
    if (batch.length === 0 || random() < 0.02) {
      shared.time.now += SWEEP_AFTER_MS + 1;
      const sweeper = mortalProcess();
      await Promise.race([sweepBatches(sweeper), sweeper.death]);
      continue;
    }
    const [message] = batch.splice(Math.floor(random() * batch.length), 1) as [BatchMessage];
    if (random() < 0.05 && crashes > 0) continue; // lost
    if (random() < 0.6) batch.push(message);
    const [first, second] = [mortalProcess(), mortalProcess()];
    const both = random() < 0.3 ? [first, second] : [first];
    await Promise.all(
      both.map((process) =>
        Promise.race([
          advanceBatch(process, message).catch(() => batch.push(message)),
          process.death.then(() => batch.push(message)),
        ]),
      ),
    );
  }
}

async function resultsOf(shared: World, id: BatchId) {
  const text = async (result: 'output' | 'errors') => {
    const ref = { id, prefix: undefined, result, format: 'csv' } as const;
    const source = await shared.batchFiles.result(ref);
    if (!source) return undefined;
    const parts: Uint8Array[] = [];
    for await (const part of shared.batchFiles.read(source, 0, source.bytes)) parts.push(part);
    return Buffer.concat(parts).toString();
  };
  return { output: await text('output'), errors: await text('errors') };
}

const rowsOf = (count: number) =>
  `id,x\n${Array.from({ length: count }, (_, id) => (id % 17 === 3 ? `bad ${id}` : `${id},${id * 2}`)).join('\n')}\n`;

describe('whatever happens to messages and processes', () => {
  test.each([true, false])('the bytes are those of a calm run (offsets: %s)', async (offsets) => {
    const rows = rowsOf(150);
    const calm = world(100);
    const calmId = await begin(calm, rows, offsets);
    const job = await runCalmly(calm, calmId);
    expect(job).toMatchObject({ state: 'completed', rows: { scored: 141, failed: 9 } });
    expect(job.chunksDone).toBeGreaterThan(10);
    const wanted = await resultsOf(calm, calmId);
    expect(wanted.output?.split('\n')).toHaveLength(141 + 2);
    expect(wanted.errors?.split('\n').slice(1, 3)).toEqual(['5,bad,bad 3', '22,bad,bad 20']);
    for (let seed = 1; seed <= 60; seed++) {
      const wild = world(100);
      const id = await begin(wild, rows, offsets);
      expect([seed, await runWildly(wild, id, generator(seed))]).toMatchObject([
        seed,
        { state: 'completed', rows: { scored: 141, failed: 9 } },
      ]);
      expect(await resultsOf(wild, id)).toEqual(wanted);
    }
  });

  test('3,000 chunks are handed out in steps, and put together in order', async () => {
    const shared = world(64);
    const rows = rowsOf(24_000);
    const id = await begin(shared, rows);
    const first = shared.messages.batch.shift() as BatchMessage;
    await advanceBatch(processIn(shared), first);
    expect(shared.messages.batch).toEqual([{ kind: 'fan', id, group: 0 }]);
    const job = await runCalmly(shared, id);
    expect(job.planned?.plan.chunks).toBeGreaterThan(3_000);
    const { output } = await resultsOf(shared, id);
    const ids = (output ?? '')
      .trimEnd()
      .split('\n')
      .slice(1)
      .map((line) => Number.parseInt(line, 10));
    expect(ids).toEqual(
      Array.from({ length: 24_000 }, (_, at) => at).filter((at) => at % 17 !== 3),
    );
  });
});

describe('what telemetry is told', () => {
  const counted = async ({ told }: World) => {
    await told.telemetry.flush();
    return [
      told.sink.sum('pilotlight.rows', { model: 'm', version: '1', source: 'batch' }),
      told.sink.sum('pilotlight.rows.failed', { model: 'm', version: '1' }),
      told.sink.sum('pilotlight.batches', { model: 'm', outcome: 'completed' }),
    ];
  };

  test('of a calm run: each row and the job, once', async () => {
    const shared = world(100);
    await runCalmly(shared, await begin(shared, rowsOf(150)));
    expect(await counted(shared)).toEqual([141, 9, 1]);
  });

  test('of a wild one: nothing twice', async () => {
    for (let seed = 1; seed <= 20; seed++) {
      const shared = world(100);
      await runWildly(shared, await begin(shared, rowsOf(150)), generator(seed));
      const [rows = 0, failed = 0, jobs = 0] = await counted(shared);
      // Who dies between a write and its count takes the count with it.
      expect(rows).toBeGreaterThan(0);
      expect(rows).toBeLessThanOrEqual(141);
      expect(failed).toBeLessThanOrEqual(9);
      expect(jobs).toBeLessThanOrEqual(1);
    }
  });

  test('of what a sweep sends again: each, though the next can’t be sent', async () => {
    const shared = world(100);
    for (let jobs = 0; jobs < 2; jobs++) await begin(shared, rowsOf(150));
    shared.messages.batch.length = 0;
    shared.time.now += SWEEP_AFTER_MS + 1;
    const sweeper = processIn(shared);
    const down = new Error('the queue is gone');
    let sent = 0;
    const messages: Messages = {
      ...createMemoryMessages(),
      sendBatch: () => (++sent === 1 ? Promise.resolve() : Promise.reject(down)),
    };
    await expect(sweepBatches({ ...sweeper, messages })).rejects.toBe(down);
    await shared.told.telemetry.flush();
    expect(shared.told.sink.sum('pilotlight.stuck', { what: 'batch' })).toBe(1);
  });

  test.each([undefined, `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`])(
    'every message of a job is in the trace of its request: %s',
    async (traceparent) => {
      const shared = world(100);
      const id = await begin(shared, rowsOf(150), false, traceparent);
      const seen = new Map<string, unknown>();
      while (!hasEnded(await jobOf(shared, id))) {
        const [next] = shared.messages.batch;
        if (shared.messages.batch.length === 1 && next?.kind !== 'chunk') {
          // Lost, and sent again by the sweep.
          shared.messages.batch.length = 0;
          shared.time.now += SWEEP_AFTER_MS + 1;
          await sweepBatches(processIn(shared));
        }
        const [message] = shared.messages.batch.splice(0, 1) as [BatchMessage];
        seen.set(message.kind, message.traceparent);
        await advanceBatch(processIn(shared), message);
      }
      expect([...seen.keys()]).toEqual(['plan', 'fan', 'chunk', 'finish']);
      expect(new Set(seen.values())).toEqual(new Set([traceparent]));
    },
  );
});

describe('what ends a job', () => {
  const half = async (shared: World) => {
    const id = await begin(shared, rowsOf(150));
    for (let step = 0; step < 5; step++) {
      const message = shared.messages.batch.shift();
      if (message) await advanceBatch(processIn(shared), message);
    }
    expect(await jobOf(shared, id)).toMatchObject({ state: 'running' });
    return id;
  };

  test('its input changes, or goes', async () => {
    for (const bytes of [Buffer.from('another'), undefined]) {
      const shared = world(100);
      const id = await half(shared);
      if (bytes) shared.batchFiles.batches.set(`${id}/input`, bytes);
      else shared.batchFiles.batches.delete(`${id}/input`);
      const job = await runCalmly(shared, id);
      expect(job).toMatchObject({ state: 'failed', rows: { scored: expect.any(Number) } });
      expect(job.reason).toMatch(/chunk \d+: .*(changed|removed)/);
      expect(job.rows?.scored).toBeGreaterThan(0);
      expect((await resultsOf(shared, id)).output).toBeUndefined();
    }
  });

  test('its version is retired', async () => {
    const shared = world(100);
    const id = await half(shared);
    shared.state = 'retired';
    const job = await runCalmly(shared, id);
    expect(job).toMatchObject({ state: 'failed', reason: expect.stringContaining('is retired') });
  });

  test('six days without an end; and when its time is over, nothing is left of it', async () => {
    const shared = world(100);
    const id = await half(shared);
    shared.messages.batch.length = 0;
    shared.time.now += 6 * DAY_MS + 1;
    await sweepBatches(processIn(shared));
    expect(await jobOf(shared, id)).toMatchObject({
      state: 'failed',
      reason: expect.stringContaining('six days'),
    });
    shared.time.now += 30 * DAY_MS;
    await sweepBatches(processIn(shared));
    expect(await shared.batchJobs.read(id)).toBeUndefined();
    expect([...shared.batchFiles.batches.keys()]).toEqual([]);
  });

  test('being cancelled: what is on the way leaves nothing', async () => {
    const shared = world(100);
    const id = await half(shared);
    const job = await cancelBatch(processIn(shared), id, 'ada');
    expect(job).toMatchObject({
      state: 'cancelled',
      reason: 'cancelled by ada',
      rows: { scored: expect.any(Number) },
    });
    for (const message of shared.messages.batch.splice(0)) {
      await advanceBatch(processIn(shared), message);
    }
    expect([shared.messages.batch, await resultsOf(shared, id)]).toEqual([
      [],
      { output: undefined, errors: undefined },
    ]);
  });
});
