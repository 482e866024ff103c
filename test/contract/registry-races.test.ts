import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createCosmosRegistry } from '../../shared/adapters/azure/registry.ts';
import { createMemoryRegistry } from '../../shared/adapters/memory/registry.ts';
import type { AliasName, Fingerprint, ModelName, RolloutId, Version } from '../../shared/ids.ts';
import type { RegistryStore } from '../../shared/ports/registry.ts';
import type { ModelEvent } from '../../shared/registry/events.ts';
import type { ModelRecord, Submission, Verdict } from '../../shared/registry/model-record.ts';
import { advance } from '../../shared/registry/rollouts.ts';
import { changeModel } from '../../shared/usecases/change-model.ts';
import { nameVersion } from '../../shared/usecases/name-version.ts';
import { readEvents } from '../../shared/usecases/read-history.ts';
import { startRollout } from '../../shared/usecases/start-rollout.ts';
import {
  allocateVersion,
  beginValidation,
  decideVersion,
} from '../../shared/usecases/version-lifecycle.ts';
import { NO_FACTS } from '../no-facts.ts';
import { type CosmosEmulator, startCosmosEmulator } from './cosmos.ts';

// A hundred writers at once, each with nothing but the store between them, lose nothing.

const WRITERS = 100;
const model = 'churn' as ModelName;
let emulator: CosmosEmulator;

beforeAll(async () => {
  emulator = await startCosmosEmulator();
});
afterAll(() => emulator.close());

describe.each<[string, () => RegistryStore]>([
  ['memory', createMemoryRegistry],
  ['Cosmos', () => createCosmosRegistry(emulator.config)],
])('in %s', (_, open) => {
  test('a hundred registrations and a hundred alias moves at once all count', async () => {
    const deps = { registry: open(), clock: () => Date.now() };
    const each = <T>(work: (n: number) => Promise<T>) =>
      Promise.all(Array.from({ length: WRITERS }, (_, n) => work(n)));

    const registered = await each((n) => allocateVersion(deps, submissionOf(n), `writer ${n}`));
    const numbers = registered.map(({ entry }) => entry.version);
    expect([...numbers].sort((a, b) => a - b)).toEqual(upTo(WRITERS));
    expect(registered.every(({ created }) => created)).toBe(true);

    // Again is the same, whoever else asks at the same time.
    const again = await each((n) => allocateVersion(deps, submissionOf(n), 'again'));
    expect(again.map(({ entry }) => entry.version)).toEqual(numbers);
    expect(again.some(({ created }) => created)).toBe(false);

    await each((n) => beginValidation(deps, { model, incarnation: 1, version: number(n) }));
    await each((n) => decideVersion(deps, verdictOf(number(n)), 'validator'));
    const decided = await recordIn(deps.registry);
    expect(decided.versions.every(({ state }) => state === 'ready')).toBe(true);
    expect(decided.routing.production).toBeDefined();

    // Each move names another version, so each is a change.
    await each((n) =>
      nameVersion(deps, {
        model,
        alias: `alias-${n % 10}` as AliasName,
        version: number(n),
        allows: () => true,
        who: 'mover',
      }),
    );
    const named = await recordIn(deps.registry);
    expect(named.generation).toBe(decided.generation + WRITERS);

    const { events } = await readEvents(deps, model, { after: 0, limit: 1000 });
    expect(events.map(({ seq }) => seq)).toEqual(upTo(events.length));
    expect(countOf(events, 'registered')).toBe(WRITERS);
    expect(countOf(events, 'ready')).toBe(WRITERS);
    expect(countOf(events, 'routed')).toBe(1);
    const moves = events.filter(({ type }) => type === 'aliased');
    expect(moves.map(({ figures }) => Number(figures?.version)).sort((a, b) => a - b)).toEqual(
      upTo(WRITERS),
    );
    const last: Record<string, number> = Object.fromEntries(
      moves.map(({ figures }) => [String(figures?.alias), Number(figures?.version)]),
    );
    expect(named.aliases).toEqual(last);
    expect(events.at(-1)).toMatchObject({ routing: named.routing, aliases: named.aliases });
  });

  test('of many who register the same at once, one makes the version', async () => {
    const deps = { registry: open(), clock: () => Date.now() };
    const other = { ...submissionOf(0), model: 'same' as ModelName };
    const answers = await Promise.all(
      Array.from({ length: 30 }, () => allocateVersion(deps, other, 'somebody')),
    );
    expect(answers.filter(({ created }) => created)).toHaveLength(1);
    expect(new Set(answers.map(({ entry }) => entry.version))).toEqual(new Set([1]));
  });

  test('of many who start rollouts at once, one does; the same id starts once', async () => {
    const deps = { registry: open(), clock: () => Date.now() };
    const rolled = 'rolled' as ModelName;
    for (const n of [0, 1]) {
      const { entry } = await allocateVersion(deps, { ...submissionOf(n), model: rolled }, 'one');
      await decideVersion(deps, { ...verdictOf(entry.version), model: rolled }, 'one');
    }
    const wanted = { version: number(1) };
    const start = (id: string) =>
      startRollout(deps, { model: rolled, wanted, who: id, id: id as RolloutId });
    const many = await Promise.allSettled(Array.from({ length: 20 }, (_, n) => start(`r${n}`)));
    const begun = many.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
    expect(begun).toHaveLength(1);
    for (const each of many) {
      if (each.status === 'rejected') {
        expect(each.reason).toMatchObject({ failure: { kind: 'conflict' } });
      }
    }
    const id = begun[0]?.rollout.id ?? '';
    const again = await Promise.all(Array.from({ length: 20 }, () => start(id)));
    expect(again.filter(({ created }) => created)).toEqual([]);

    // Judges and people at once: each step is made by one of them, once.
    const stage = { id: id as RolloutId, stage: 0 };
    const judgement = { at: '', decision: 'advance', why: 'passed', figures: {} } as const;
    await Promise.all(
      Array.from({ length: 20 }, (_, n) =>
        changeModel(deps, rolled, (record, now) => ({
          record:
            record &&
            advance(record, stage, { judgement, evidence: {} }, { now, who: `judge ${n}` }),
        })),
      ),
    );
    const { events } = await readEvents(deps, rolled, { after: 0, limit: 1_000 });
    expect(countOf(events, 'rolloutStarted')).toBe(1);
    expect(countOf(events, 'rolloutAdvanced')).toBe(1);
    expect(events.at(-1)?.routing.candidate?.percent).toBe(5);
  });
});

const number = (n: number) => (n + 1) as Version;
const upTo = (most: number) => Array.from({ length: most }, (_, n) => n + 1);

function countOf(events: readonly ModelEvent[], type: ModelEvent['type']): number {
  return events.filter((event) => event.type === type).length;
}

async function recordIn(registry: RegistryStore): Promise<ModelRecord> {
  const stored = await registry.readModel(model);
  if (!stored) throw new Error('the model is gone');
  return stored.value;
}

function submissionOf(n: number): Submission {
  return {
    model,
    incarnation: 1,
    fingerprint: `fingerprint-${n}` as Fingerprint,
    digest: String(n).padStart(64, '0') as Submission['digest'],
    bytes: 100 + n,
    card: {},
  };
}

function verdictOf(version: Version): Verdict {
  const { digest, bytes, card } = submissionOf(version - 1);
  return {
    model,
    incarnation: 1,
    version,
    decidedAt: new Date().toISOString(),
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
