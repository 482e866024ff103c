import { describe, expect, test } from '@jest/globals';
import { NO_FACTS } from '../../test/no-facts.ts';
import { createMemoryRegistry } from '../adapters/memory/registry.ts';
import { ServingError } from '../errors.ts';
import type { AliasName, Fingerprint, ModelName, Version } from '../ids.ts';
import type { RegistryStore } from '../ports/registry.ts';
import type { Submission, Verdict } from '../registry/model-record.ts';
import { changeModel, type RegistryDeps } from './change-model.ts';
import { deleteModel, purgeOwed } from './delete-model.ts';
import { listModels } from './list-models.ts';
import { listVersions } from './list-versions.ts';
import { nameVersion } from './name-version.ts';
import { readEvents, readStateAt } from './read-history.ts';
import { readModel } from './read-model.ts';
import {
  allocateVersion,
  beginValidation,
  currentIncarnation,
  decideVersion,
  readVersion,
} from './version-lifecycle.ts';

const model = 'm' as ModelName;
const v = (n: number) => n as Version;
const BEGIN = Date.parse('2026-01-01T00:00:00Z');
const allows = () => true;
const who = 'somebody';

/** A registry in memory whose clock goes on by a second with each look at it. */
function world(change: (registry: RegistryStore) => Partial<RegistryStore> = () => ({})) {
  const inner = createMemoryRegistry();
  let seconds = 0;
  const deps: RegistryDeps = {
    registry: { ...inner, ...change(inner) },
    clock: () => BEGIN + 1000 * seconds++,
    backOff: () => Promise.resolve(),
  };
  return { ...deps, inner };
}

async function ready(deps: RegistryDeps, version: number, name = model): Promise<void> {
  const incarnation = await currentIncarnation(deps, name);
  const submission = submissionOf(`f${version}`, { model: name, incarnation });
  const { entry } = await allocateVersion(deps, submission, who);
  expect(entry.version).toBe(version);
  const verdict = { ...verdictOf(version), model: name, incarnation };
  expect((await decideVersion(deps, verdict, who))?.state).toBe('ready');
}

describe('writing a record', () => {
  test('begins again with what the winner of a race wrote', async () => {
    let races = 3;
    const deps = world((inner) => ({
      async replaceModel(record, etag) {
        if (races-- > 0) {
          const stands = await inner.readModel(model);
          if (stands) await inner.replaceModel({ ...stands.value }, stands.etag);
        }
        return inner.replaceModel(record, etag);
      },
    }));
    await ready(deps, 1);
    expect((await readModel(deps, model)).routing.production).toBe(1);
  });

  test('gives up after so many lost races, and says that again may help', async () => {
    let attempts = 0;
    const deps = world(() => ({
      createModel: () => {
        attempts += 1;
        return Promise.resolve(undefined);
      },
    }));
    await expect(allocateVersion(deps, submissionOf('a'), who)).rejects.toMatchObject({
      failure: { kind: 'unavailable', retryAfterSeconds: 2 },
    });
    expect(attempts).toBe(40);
  });

  test('writes nothing where there is nothing to change', async () => {
    const deps = world();
    await ready(deps, 1);
    const before = await deps.registry.readModel(model);
    await changeModel(deps, model, (record) => ({ record }));
    expect(await deps.registry.readModel(model)).toEqual(before);
    await changeModel(deps, 'none' as ModelName, (record) => ({ record }));
    expect(await deps.registry.readModel('none' as ModelName)).toBeUndefined();
  });
});

describe('a version’s life', () => {
  test('submission, validation, verdict', async () => {
    const deps = world();
    const message = { model, incarnation: 1, version: v(1) };
    expect(await beginValidation(deps, message)).toBe('gone');
    const submission = submissionOf('a');
    const { entry, created } = await allocateVersion(deps, submission, who);
    expect([entry.version, created]).toEqual([1, true]);
    expect(await readVersion(deps, model, v(1))).toEqual({ model, entry, submission });

    expect(await beginValidation(deps, message)).toBe('validate');
    expect(await beginValidation(deps, message)).toBe('validate');
    expect(await beginValidation(deps, { ...message, version: v(2) })).toBe('gone');
    expect(await beginValidation(deps, { ...message, incarnation: 2 })).toBe('gone');

    const verdict = verdictOf(1);
    expect((await decideVersion(deps, verdict, who))?.state).toBe('ready');
    expect(await beginValidation(deps, message)).toBe('decided');
    expect((await readVersion(deps, model, v(1)))?.verdict).toEqual(verdict);
    expect(await readVersion(deps, model, v(2))).toBeUndefined();
    expect(await decideVersion(deps, verdictOf(2), who)).toBeUndefined();
  });

  test('the first verdict counts, even if its writer went no further', async () => {
    const deps = world();
    await allocateVersion(deps, submissionOf('a'), who);
    await deps.registry.createVerdict(verdictOf(1));
    const other: Verdict = { ...verdictOf(1), outcome: { kind: 'rejected', reasons: ['no'] } };
    expect((await decideVersion(deps, other, who))?.state).toBe('ready');
    expect((await decideVersion(deps, other, who))?.state).toBe('ready');
  });

  test('a description that can’t be stored is a rejection, not a version that waits for ever', async () => {
    const deps = world();
    await allocateVersion(deps, submissionOf('a'), who);
    const verdict = verdictOf(1);
    if (verdict.outcome.kind !== 'ready') throw new Error('expected a ready verdict');
    const inputs = Array.from({ length: 40_000 }, (_, n) => ({
      name: `an input with a rather long name, number ${n}`,
      datatype: 'FP32' as const,
      shape: [-1],
    }));
    const outcome = { ...verdict.outcome, signature: { inputs, outputs: [] } };
    expect((await decideVersion(deps, { ...verdict, outcome }, who))?.state).toBe('rejected');
    const view = await readVersion(deps, model, v(1));
    expect(view?.verdict?.outcome).toEqual({
      kind: 'rejected',
      reasons: [expect.stringMatching(/can't be stored: .* expected at most 1500000 bytes/)],
    });
  });

  test('nothing of an earlier life is decided in the next', async () => {
    const deps = { ...world(), artifacts: { purge: () => Promise.resolve() } };
    await allocateVersion(deps, submissionOf('a'), who);
    await deleteModel(deps, { model, force: false, allows, who });
    expect(await decideVersion(deps, verdictOf(1), who)).toBeUndefined();
    expect(await beginValidation(deps, { model, incarnation: 1, version: v(1) })).toBe('gone');
    await expect(allocateVersion(deps, submissionOf('b'), who)).rejects.toMatchObject({
      failure: { kind: 'conflict' },
    });
    expect(await currentIncarnation(deps, model)).toBe(2);
    const { entry } = await allocateVersion(deps, submissionOf('b', { incarnation: 2 }), who);
    expect(entry.version).toBe(2);
  });
});

describe('deleting', () => {
  test('is done once the tombstone stands; what a crash leaves is removed later', async () => {
    const purged: number[] = [];
    let crash = true;
    const artifacts = {
      purge: (_: ModelName, incarnation: number) => {
        if (crash) return Promise.reject(new Error('crashed'));
        purged.push(incarnation);
        return Promise.resolve();
      },
    };
    const deps = { ...world(), artifacts };
    await ready(deps, 1);
    const gone = deleteModel(deps, { model, force: true, allows, who });
    await expect(gone).rejects.toThrow('crashed');
    await expect(readModel(deps, model)).rejects.toThrow(/^Request for unknown model/);

    crash = false;
    const [owing] = await deps.registry.listUnfinished({ before: 0, limit: 5 });
    if (owing) await purgeOwed(deps, owing);
    expect(purged).toEqual([1]);
    expect(await deps.registry.listUnfinished({ before: 0, limit: 5 })).toEqual([]);
    await expect(deleteModel(deps, { model, force: true, allows, who })).rejects.toMatchObject({
      failure: { kind: 'notFound' },
    });
  });
});

test('a storage that is down doesn’t keep a model from being deleted', async () => {
  const down = new ServingError({ kind: 'unavailable', detail: 'down', retryAfterSeconds: 1 });
  const deps = { ...world(), artifacts: { purge: () => Promise.reject(down) } };
  await ready(deps, 1);
  await deleteModel(deps, { model, force: true, allows, who });
  const [owing] = await deps.registry.listUnfinished({ before: 0, limit: 5 });
  expect(owing?.purges).toEqual([1]);
});

describe('history', () => {
  test('is whole in every page, whatever is embedded', async () => {
    const deps = world();
    for (let n = 1; n <= 5; n++) await ready(deps, n);
    for (let limit = 1; limit <= 13; limit++) {
      const seqs: number[] = [];
      for (let after: number | undefined = 0; after !== undefined; ) {
        const page: Awaited<ReturnType<typeof readEvents>> = await readEvents(deps, model, {
          after,
          limit,
        });
        expect(page.events.length).toBeLessThanOrEqual(limit);
        seqs.push(...page.events.map(({ seq }) => seq));
        after = page.next;
      }
      expect(seqs).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
    }
    const beyond = await readEvents(deps, model, { after: 99, limit: 5 });
    expect(beyond).toEqual({ events: [] });
  });

  test('a reader sees no event that follows a gap', async () => {
    const deps = world();
    await ready(deps, 1);
    const overtaking: RegistryDeps = {
      ...deps,
      registry: {
        ...deps.registry,
        async listEvents(name, page) {
          await ready(deps, 2);
          await ready(deps, 3);
          return deps.registry.listEvents(name, page);
        },
      },
    };
    const { events, next } = await readEvents(overtaking, model, { after: 0, limit: 100 });
    expect(events.map(({ seq }) => seq)).toEqual([1, 2, 3]);
    expect(next).toBeUndefined();
  });

  test('an event that a lagging replica hides is worth another try, not a gap', async () => {
    const deps = world(() => ({ listEvents: () => Promise.resolve([]) }));
    await ready(deps, 1);
    await ready(deps, 2);
    await expect(readEvents(deps, model, { after: 0, limit: 9 })).rejects.toMatchObject({
      failure: { kind: 'unavailable' },
    });
  });

  test('tells what was routed and named at any time', async () => {
    const deps = world();
    await ready(deps, 1);
    const alias = 'champion' as AliasName;
    await nameVersion(deps, { model, alias, version: v(1), allows, who });
    await ready(deps, 2);
    await nameVersion(deps, { model, alias, version: v(2), allows, who });
    const { events } = await readEvents(deps, model, { after: 0, limit: 100 });
    for (const event of events) {
      const at = Date.parse(event.at);
      const state = await readStateAt(deps, model, at);
      expect(Date.parse(state.at)).toBe(at);
      expect(state.seq).toBeGreaterThanOrEqual(event.seq);
      const later = await readStateAt(deps, model, at + 0.5);
      expect(later).toEqual(state);
    }
    expect(await readStateAt(deps, model, Date.now() + 1e12)).toEqual(events.at(-1));
    await expect(readStateAt(deps, model, BEGIN - 1)).rejects.toMatchObject({
      failure: { kind: 'notFound', detail: expect.stringContaining('2025-12-31T23:59:59.999Z') },
    });
    await expect(readStateAt(deps, 'none' as ModelName, BEGIN)).rejects.toThrow(
      /^Request for unknown model/,
    );
  });
});

describe('lists', () => {
  test('models come by name, page by page, the deleted ones not', async () => {
    const deps = { ...world(), artifacts: { purge: () => Promise.resolve() } };
    const names = Array.from({ length: 120 }, (_, n) => `m${String(n).padStart(3, '0')}`);
    for (const name of names) {
      await allocateVersion(deps, submissionOf('a', { model: name as ModelName }), who);
    }
    await deleteModel(deps, { model: 'm003' as ModelName, force: false, allows, who });
    const listed: string[] = [];
    let pages = 0;
    for (let after: ModelName | undefined, more = true; more; pages++) {
      const page: Awaited<ReturnType<typeof listModels>> = await listModels(deps, {
        limit: 60,
        ...(after && { after }),
      });
      listed.push(...page.models.map((record) => record.model));
      after = page.next;
      more = after !== undefined;
    }
    expect(listed).toEqual(names.filter((name) => name !== 'm003'));
    expect(pages).toBe(2);
  });

  test('versions come newest first, with all that is known', async () => {
    const deps = world();
    for (let n = 1; n <= 40; n++) await ready(deps, n);
    const first = await listVersions(deps, model, { limit: 25 });
    expect(first.versions.map(({ entry }) => entry.version)).toEqual(
      Array.from({ length: 25 }, (_, n) => 40 - n),
    );
    expect(first.versions[0]).toEqual(await readVersion(deps, model, v(40)));
    expect(first.next).toBe(16);
    const rest = await listVersions(deps, model, { below: v(16), limit: 100 });
    expect(rest.versions).toHaveLength(15);
    expect(rest.next).toBeUndefined();
    const exact = await listVersions(deps, model, { below: v(16), limit: 15 });
    expect(exact.next).toBeUndefined();
    await expect(listVersions(deps, 'none' as ModelName, { limit: 1 })).rejects.toThrow(
      ServingError,
    );
  });

  test('a page of very large versions ends early and goes on', async () => {
    const deps = world();
    const card = { description: 'x'.repeat(4096), notes: 'y'.repeat(300_000) };
    for (let n = 1; n <= 64; n++) {
      await allocateVersion(deps, { ...submissionOf(`f${n}`), card }, who);
    }
    const first = await listVersions(deps, model, { limit: 1000 });
    expect(first.versions).toHaveLength(32);
    const rest = await listVersions(deps, model, { limit: 1000, below: first.next ?? v(1) });
    expect(rest.versions.at(-1)?.entry.version).toBe(1);
    expect(rest.next).toBeUndefined();
  });
});

function submissionOf(fingerprint: string, of: Partial<Submission> = {}): Submission {
  return {
    model,
    incarnation: 1,
    fingerprint: fingerprint as Fingerprint,
    digest: 'd' as Submission['digest'],
    bytes: 1,
    card: {},
    ...of,
  };
}

function verdictOf(version: number): Verdict {
  const { digest, bytes, card } = submissionOf('');
  return {
    model,
    incarnation: 1,
    version: v(version),
    decidedAt: '2026-01-01T00:00:00.000Z',
    digest,
    bytes,
    card,
    outcome: {
      kind: 'ready',
      signature: { inputs: [], outputs: [] },
      facts: NO_FACTS,
      warnings: [],
      loadMs: 1,
    },
  };
}
