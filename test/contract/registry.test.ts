import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createCosmosRegistry } from '../../shared/adapters/azure/registry.ts';
import { MAX_DOCUMENT_BYTES } from '../../shared/adapters/document-limits.ts';
import { createMemoryRegistry } from '../../shared/adapters/memory/registry.ts';
import type { Drop } from '../../shared/drops/drop.ts';
import { ServingError } from '../../shared/errors.ts';
import type { DropId, Fingerprint, ModelName, RolloutId, Version } from '../../shared/ids.ts';
import type { RegistryStore } from '../../shared/ports/registry.ts';
import type { ModelEvent } from '../../shared/registry/events.ts';
import type { ModelRecord, Submission, Verdict } from '../../shared/registry/model-record.ts';
import type { Rollout } from '../../shared/rollout/rollout.ts';
import { type CosmosEmulator, startCosmosEmulator } from './cosmos.ts';

const model = 'churn' as ModelName;
let emulator: CosmosEmulator;

beforeAll(async () => {
  emulator = await startCosmosEmulator();
});
afterAll(() => emulator.close());

/** A name of its own for each test: the emulator is shared by all of them. */
let names = 0;
const newName = () => `${model}-${String(++names).padStart(3, '0')}` as ModelName;

const stores: [string, () => RegistryStore][] = [
  ['memory', createMemoryRegistry],
  ['Cosmos', () => createCosmosRegistry(emulator.config)],
];

test('Cosmos: what is read before the SDK is there is what the SDK reads', async () => {
  const writer = createCosmosRegistry(emulator.config);
  const record = recordOf(newName());
  const created = await writer.createModel(record);
  const fresh = createCosmosRegistry(emulator.config);
  expect(await fresh.readModel(newName())).toBeUndefined();
  const read = await fresh.readModel(record.model);
  expect(read).toEqual(created);
  // With its tag the record can be replaced; from then on the SDK reads what it wrote.
  const changed = { ...record, nextVersion: 2 };
  const replaced = await fresh.replaceModel(changed, read?.etag ?? '');
  expect(await fresh.readModel(record.model)).toEqual({ value: changed, etag: replaced?.etag });
});

describe.each(stores)('the registry in %s', (_, open) => {
  let registry: RegistryStore;
  beforeAll(() => {
    registry = open();
  });

  test('a model is created once, and read with the tag of what stands', async () => {
    const record = recordOf(newName());
    expect(await registry.readModel(record.model)).toBeUndefined();
    const created = await registry.createModel(record);
    expect(created?.value).toEqual(record);
    expect(await registry.createModel({ ...record, nextVersion: 9 })).toBeUndefined();
    expect(await registry.readModel(record.model)).toEqual(created);
  });

  test('a model is replaced only by who saw it as it is', async () => {
    const record = recordOf(newName());
    const created = await registry.createModel(record);
    const etag = created?.etag ?? '';
    const first = await registry.replaceModel({ ...record, nextVersion: 2 }, etag);
    expect(first?.etag).not.toBe(etag);
    expect(await registry.replaceModel({ ...record, nextVersion: 3 }, etag)).toBeUndefined();
    const stands = await registry.readModel(record.model);
    expect(stands?.value.nextVersion).toBe(2);
    expect(stands?.etag).toBe(first?.etag);
  });

  test('of many replaces at once, one wins', async () => {
    const record = recordOf(newName());
    const created = await registry.createModel(record);
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, n) =>
        registry.replaceModel({ ...record, nextVersion: n + 2 }, created?.etag ?? ''),
      ),
    );
    const winners = answers.filter((answer) => answer !== undefined);
    expect(winners).toHaveLength(1);
    expect(await registry.readModel(record.model)).toEqual(winners[0]);
  });

  test('models are listed by name, without the deleted ones', async () => {
    const base = newName();
    const inOrder = ['', '-a', '-b', '.c', '0', '_d', 'e'].map((end) => `${base}${end}`).sort();
    const [gone, ...live] = inOrder as [ModelName, ...ModelName[]];
    for (const name of [...live].reverse()) await registry.createModel(recordOf(name));
    await registry.createModel({ ...recordOf(gone), deleted: { at: NOW } });
    // Names of other tests lie outside of (base - 1, last].
    const listed: string[] = [];
    let after = gone;
    for (;;) {
      const page = await registry.listModels({ after, limit: 2 });
      expect(page.length).toBeLessThanOrEqual(2);
      const ours = page.filter((record) => record.model.startsWith(base));
      listed.push(...ours.map((record) => record.model));
      const last = ours.at(-1);
      if (!last || ours.length < 2) break;
      after = last.model;
    }
    expect(listed).toEqual(live);
    expect(await registry.listModels({ after: 'zzz' as ModelName, limit: 5 })).toEqual([]);
    const [first] = await registry.listModels({ limit: 1 });
    expect(first?.model.startsWith(model)).toBe(true);
  });

  test('a list is as long as its limit, in however many pages it comes', async () => {
    const base = newName();
    const names = Array.from(
      { length: 230 },
      (_, n) => `${base}-${String(n).padStart(3, '0')}` as ModelName,
    );
    await Promise.all(names.map((name) => registry.createModel(recordOf(name))));
    const listed = await registry.listModels({ after: base, limit: 225 });
    expect(listed.map((record) => record.model)).toEqual(names.slice(0, 225));
  });

  test('what is unfinished is found: pending for long, or a purge owed', async () => {
    const [old, young, done, owing] = [newName(), newName(), newName(), newName()];
    const entry = (createdAt: string, state: 'pending' | 'validating' | 'ready') => ({
      versions: [{ version: 1 as Version, fingerprint: 'f' as Fingerprint, createdAt, state }],
    });
    await registry.createModel({
      ...recordOf(old),
      ...entry('2026-01-01T00:00:00Z', 'validating'),
    });
    await registry.createModel({ ...recordOf(young), ...entry('2026-01-01T00:10:00Z', 'pending') });
    await registry.createModel({ ...recordOf(done), ...entry('2026-01-01T00:00:00Z', 'ready') });
    await registry.createModel({ ...recordOf(owing), deleted: { at: NOW }, purges: [1] });
    const before = Date.parse('2026-01-01T00:05:00Z');
    const found = await registry.listUnfinished({ before, limit: 10 });
    expect(found.map((record) => record.model).sort()).toEqual([old, owing]);
    expect(await registry.listUnfinished({ before, limit: 1 })).toHaveLength(1);

    const stored = await registry.readModel(old);
    await registry.replaceModel(recordOf(old), stored?.etag ?? '');
    const left = await registry.listUnfinished({ before, limit: 10 });
    expect(left.map((record) => record.model)).toEqual([owing]);
  });

  test('a submission is written once', async () => {
    const submission = submissionOf(newName());
    expect(await registry.readSubmission(submission)).toBeUndefined();
    expect(await registry.createSubmission(submission)).toBe(true);
    expect(await registry.createSubmission({ ...submission, bytes: 7 })).toBe(false);
    expect(await registry.readSubmission(submission)).toEqual(submission);
    expect(await registry.readSubmission({ ...submission, incarnation: 2 })).toBeUndefined();
  });

  test('the first verdict stays', async () => {
    const verdict = verdictOf(newName());
    expect(await registry.readVerdict(verdict)).toBeUndefined();
    expect(await registry.createVerdict(verdict)).toBe(true);
    const other: Verdict = { ...verdict, outcome: { kind: 'rejected', reasons: ['no'] } };
    expect(await registry.createVerdict(other)).toBe(false);
    expect(await registry.readVerdict(verdict)).toEqual(verdict);
    expect(await registry.createVerdict({ ...other, incarnation: 2 })).toBe(true);
  });

  test('events are read one by one and in pages, oldest first, one model apart from another', async () => {
    const [name, other] = [newName(), newName()];
    for (const seq of [3, 1, 10, 2, 11]) {
      expect(await registry.createEvent(name, eventOf(seq))).toBe(true);
    }
    await registry.createEvent(other, eventOf(4));
    expect(await registry.createEvent(name, { ...eventOf(3), who: 'another' })).toBe(false);
    expect(await registry.readEvent(name, 3)).toEqual(eventOf(3));
    expect(await registry.readEvent(name, 4)).toBeUndefined();
    const seqs = async (after: number, limit: number) =>
      (await registry.listEvents(name, { after, limit })).map((event) => event.seq);
    expect(await seqs(0, 3)).toEqual([1, 2, 3]);
    expect(await seqs(3, 9)).toEqual([10, 11]);
    expect(await seqs(11, 9)).toEqual([]);
  });

  test('models whose rollout runs or is paused are found, and no others', async () => {
    const [running, paused, over, none] = [newName(), newName(), newName(), newName()];
    const withRollout = (name: ModelName, status: Rollout['status']) =>
      registry.createModel({ ...recordOf(name), rollout: { ...rolloutOf('r1', NOW), status } });
    await withRollout(running, { state: 'running' });
    await withRollout(paused, { state: 'paused', why: 'asked' });
    await withRollout(over, { state: 'completed', finishedAt: NOW, why: 'done' });
    await registry.createModel(recordOf(none));
    const found = await registry.listRollingOut({ limit: 10 });
    expect(found.map((record) => record.model).sort()).toEqual([running, paused]);
    expect(await registry.listRollingOut({ limit: 1 })).toHaveLength(1);

    const stored = await registry.readModel(running);
    await registry.replaceModel(recordOf(running), stored?.etag ?? '');
    const left = await registry.listRollingOut({ limit: 10 });
    expect(left.map((record) => record.model)).toEqual([paused]);
    const last = await registry.readModel(paused);
    await registry.replaceModel(recordOf(paused), last?.etag ?? '');
  });

  test('rollouts are kept once, and listed newest first in pages', async () => {
    const [name, other] = [newName(), newName()];
    const kept = [
      rolloutOf('b', '2026-01-02T00:00:00.000Z'),
      rolloutOf('c', '2026-01-01T00:00:00.000Z'),
      rolloutOf('a', '2026-01-02T00:00:00.000Z'),
      rolloutOf('d', '2026-01-03T00:00:00.000Z'),
    ] as const;
    for (const rollout of kept) expect(await registry.createRollout(name, rollout)).toBe(true);
    await registry.createRollout(other, rolloutOf('x', NOW));
    const again = { ...kept[0], startedBy: 'another' };
    expect(await registry.createRollout(name, again)).toBe(false);
    expect(await registry.readRollout(name, kept[0].id)).toEqual(kept[0]);
    expect(await registry.readRollout(other, kept[0].id)).toBeUndefined();

    const ids = (page: readonly Rollout[]) => page.map(({ id }) => id);
    const first = await registry.listRollouts(name, { limit: 2 });
    expect(ids(first)).toEqual(['d', 'b']);
    expect(first[1]).toEqual(kept[0]);
    const second = await registry.listRollouts(name, { before: kept[0], limit: 9 });
    expect(ids(second)).toEqual(['a', 'c']);
    expect(await registry.listRollouts(name, { before: kept[1], limit: 9 })).toEqual([]);
  });

  test('a drop is taken once, and settled by who saw it as it is', async () => {
    const [name, other] = [newName(), newName()];
    const drop = dropOf(name, 'drop1');
    expect(await registry.readDrop(name, drop.id)).toBeUndefined();
    expect(await registry.createDrop(drop)).toBe(true);
    expect(await registry.createDrop({ ...drop, takenAt: 'later' })).toBe(false);
    await registry.createDrop(dropOf(name, 'drop2'));
    await registry.createDrop(dropOf(other, 'drop1'));
    const read = await registry.readDrop(name, drop.id);
    expect(read?.value).toEqual(drop);

    const unsettled = async (page: { model?: ModelName; limit: number }) =>
      (await registry.listUnsettledDrops(page)).map(({ model, id }) => `${model} ${id}`).sort();
    expect(await unsettled({ model: name, limit: 9 })).toEqual([`${name} drop1`, `${name} drop2`]);
    expect(await unsettled({ limit: 9 })).toEqual([
      `${name} drop1`,
      `${name} drop2`,
      `${other} drop1`,
    ]);
    expect(await unsettled({ limit: 2 })).toHaveLength(2);

    const registered: Drop = { ...drop, status: { state: 'registered', version: 1 as Version } };
    const replaced = await registry.replaceDrop(registered, read?.etag ?? '');
    expect(replaced?.value).toEqual(registered);
    expect(await registry.replaceDrop(drop, read?.etag ?? '')).toBeUndefined();
    expect(await registry.readDrop(name, drop.id)).toEqual(replaced);
    expect(await unsettled({ model: name, limit: 9 })).toHaveLength(2);

    const settled: Drop = {
      ...drop,
      status: { state: 'settled', decidedAt: NOW, outcome: 'rejected', reasons: ['why'] },
    };
    await registry.replaceDrop(settled, replaced?.etag ?? '');
    expect(await unsettled({ model: name, limit: 9 })).toEqual([`${name} drop2`]);
  });

  test('what is kept shares nothing with what was given', async () => {
    const record = recordOf(newName());
    const versions: Version[] = [];
    await registry.createModel({ ...record, routing: Object.freeze({}) });
    versions.push(1 as Version);
    const read = await registry.readModel(record.model);
    Object.assign(read?.value.routing ?? {}, { production: 7 });
    expect((await registry.readModel(record.model))?.value.routing).toEqual({});
  });

  test("documents are held to Azure's limits", async () => {
    const name = newName();
    const sized = (bytes: number): Submission => ({
      ...submissionOf(name),
      card: { description: 'ä'.repeat(Math.floor(bytes / 2)) },
    });
    const room = MAX_DOCUMENT_BYTES - 1_000;
    await expect(registry.createSubmission(sized(MAX_DOCUMENT_BYTES))).rejects.toMatchObject({
      failure: {
        kind: 'conflict',
        detail: expect.stringMatching(
          /document submission:1:abc of model .*: expected at most 1500000 bytes, got 15\d{5}/,
        ),
      },
    });
    expect(await registry.readSubmission(submissionOf(name))).toBeUndefined();
    expect(await registry.createSubmission(sized(room))).toBe(true);

    const record = recordOf(name);
    const created = await registry.createModel(record);
    const huge = { ...record, events: [{ ...eventOf(1), why: 'x'.repeat(MAX_DOCUMENT_BYTES) }] };
    await expect(registry.replaceModel(huge, created?.etag ?? '')).rejects.toThrow(ServingError);

    const long = { ...submissionOf(name), fingerprint: 'x'.repeat(250) as Fingerprint };
    await expect(registry.createSubmission(long)).rejects.toMatchObject({
      failure: {
        kind: 'malformed',
        detail: expect.stringMatching(/at most 255 characters, got 263/),
      },
    });
    for (const bad of ['a/b', 'a\\b', 'a?b', 'a#b']) {
      const named = { ...submissionOf(name), fingerprint: bad as Fingerprint };
      await expect(registry.createSubmission(named)).rejects.toMatchObject({
        failure: { kind: 'malformed', detail: expect.stringContaining('none of / \\ ? #') },
      });
    }
  });

  test('it answers', async () => {
    await expect(registry.ping()).resolves.toBeUndefined();
  });
});

describe('a Cosmos that fails', () => {
  test('is unavailable when its container is missing, or it is gone', async () => {
    const own = await startCosmosEmulator();
    try {
      const unavailable = { failure: { kind: 'unavailable', retryAfterSeconds: 2 } };
      const elsewhere = createCosmosRegistry({ ...own.config, database: 'other' });
      await expect(elsewhere.ping()).rejects.toMatchObject(unavailable);

      const registry = createCosmosRegistry(own.config);
      const record = recordOf(model);
      await registry.createModel(record);
      await own.close();
      await expect(registry.ping()).rejects.toMatchObject(unavailable);
      await expect(registry.readModel(model)).rejects.toMatchObject(unavailable);
      await expect(registry.replaceModel(record, '"1"')).rejects.toMatchObject(unavailable);
      await expect(registry.listModels({ limit: 1 })).rejects.toMatchObject(unavailable);
    } finally {
      await own.close();
    }
  });
});

const NOW = '2026-01-02T03:04:05.678Z';

function recordOf(name: ModelName): ModelRecord {
  return {
    model: name,
    incarnation: 1,
    purges: [],
    generation: 1,
    nextVersion: 1,
    nextEvent: 1,
    routing: {},
    aliases: {},
    versions: [],
    events: [],
  };
}

function submissionOf(name: ModelName): Submission {
  return {
    model: name,
    incarnation: 1,
    fingerprint: 'abc' as Fingerprint,
    digest: 'd'.repeat(64) as Submission['digest'],
    bytes: 12,
    card: { description: 'Grüße', labels: ['no', 'yes'] },
  };
}

function verdictOf(name: ModelName): Verdict {
  const { digest, bytes, card } = submissionOf(name);
  return {
    model: name,
    incarnation: 1,
    version: 1 as Version,
    decidedAt: NOW,
    digest,
    bytes,
    card,
    outcome: {
      kind: 'ready',
      signature: { inputs: [{ name: 'x', datatype: 'FP32', shape: [-1, 4] }], outputs: [] },
      facts: {
        irVersion: 8,
        producer: 'test',
        opsets: { 'ai.onnx': 17 },
        operators: { Add: 1 },
        nodes: 1,
        parameters: 0,
        parameterBytes: 0,
        quantized: 'no',
      },
      warnings: [],
      loadMs: 1.5,
    },
  };
}

function eventOf(seq: number): ModelEvent {
  return {
    seq,
    at: NOW,
    who: 'somebody',
    type: 'registered',
    why: 'registered',
    figures: { version: '1' },
    routing: {},
    aliases: {},
  };
}

function rolloutOf(id: string, createdAt: string): Rollout {
  return {
    id: id as RolloutId,
    plan: {
      version: 2 as Version,
      from: 1 as Version,
      steps: [50, 100],
      minRequests: 100,
      minSeconds: 60,
      allowBreaking: false,
    },
    startedBy: 'somebody',
    createdAt,
    stage: { number: 0, kind: 'canary', percent: 50, startedAt: createdAt },
    evidence: { errors: [0.5, -1] },
    status: { state: 'aborted', finishedAt: NOW, why: 'asked' },
  };
}

function dropOf(name: ModelName, id: string): Drop {
  return {
    id: id as DropId,
    model: name,
    path: `${name}/model.onnx`,
    etag: '"0x1"',
    incarnation: 1,
    takenAt: NOW,
    status: { state: 'taken' },
  };
}
