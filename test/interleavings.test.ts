import { describe, expect, test } from '@jest/globals';
import type { Version } from '../shared/ids.ts';
import { amend, type Stamp } from '../shared/registry/amend.ts';
import { retire } from '../shared/registry/lifecycle.ts';
import type { ModelRecord, VersionEntry } from '../shared/registry/model-record.ts';
import { changeModel } from '../shared/usecases/change-model.ts';
import { PROPER } from './interleavings/rollout-deeds.ts';
import { ROLLOUT_FAULTS } from './interleavings/rollout-faults.ts';
import { type Fault, interleave } from './interleavings/run.ts';
import { tooLate } from './interleavings/too-late.ts';
import { without } from './interleavings/without.ts';

// Register, validate, retire, route, name, roll out, roll back, delete and read, all at once, with
// crashes after writes: ten thousand histories, each decided by its seed. A failure names the seed; SEED=… repeats it.

const BATCHES = 20;
const SEEDS_A_BATCH = 500;

const EVENTS = [
  'registered',
  'ready',
  'rejected',
  'retired',
  'routed',
  'aliased',
  'unaliased',
  'rolloutStarted',
  'rolloutAdvanced',
  'rolloutPaused',
  'rolloutResumed',
  'rolloutCompleted',
  'rolloutAborted',
  'rolledBack',
  'deleted',
];
/** Ends a run that hangs; it proves no speed. */
const HANGS_AFTER_MS = 600_000;

describe('in every interleaving the registry holds together', () => {
  const seed = process.env.SEED;
  const batches = seed
    ? [{ first: Number(seed), count: 1 }]
    : Array.from({ length: BATCHES }, (_, n) => ({
        first: n * SEEDS_A_BATCH,
        count: SEEDS_A_BATCH,
      }));

  test.each(batches)(
    '$count from seed $first',
    async ({ first, count }) => {
      let steps = 0;
      let crashes = 0;
      const events: Record<string, number> = {};
      for (let at = first; at < first + count; at++) {
        const told = await interleave(at);
        steps += told.steps;
        crashes += told.crashes;
        for (const [type, count] of Object.entries(told.events)) {
          events[type] = (events[type] ?? 0) + count;
        }
      }
      if (seed) return;
      // Histories in which little happens would prove little.
      expect(steps).toBeGreaterThan(count * 100);
      expect(crashes).toBeGreaterThan(count);
      expect(Math.min(...EVENTS.map((type) => events[type] ?? 0))).toBeGreaterThan(count / 20);
    },
    HANGS_AFTER_MS,
  );

  test('a seed is a history', async () => {
    expect(await interleave(4711)).toEqual(await interleave(4711));
  });
});

describe('what is done wrong is found', () => {
  const faults: [string, Fault, RegExp][] = [
    [
      'retiring what was free when it was looked at, by a later write',
      {
        ways: {
          ...PROPER,
          async retire(deps, { model, version, who }) {
            const seen = (await deps.registry.readModel(model))?.value;
            if (!seen || retire(seen, version, { now: deps.clock(), who }) === seen) return;
            await changeModel(deps, model, (record, now) => ({
              record: record && retireUnasked(record, version, { now, who }),
            }));
          },
        },
      },
      /is routed or named and retired/,
    ],
    [
      'retiring by an unconditional write',
      {
        ways: {
          ...PROPER,
          async retire(deps, { model, version, who }) {
            const seen = (await deps.registry.readModel(model))?.value;
            if (!seen) return;
            const after = retire(seen, version, { now: deps.clock(), who });
            const stands = await deps.registry.readModel(model);
            if (!stands || after === seen) return;
            for (const event of seen.events) await deps.registry.createEvent(model, event);
            await deps.registry.replaceModel(after, stands.etag);
          },
        },
      },
      /event \d+ has become another/,
    ],
    [
      'dropping events that were not copied out',
      { registry: without(() => ({ createEvent: () => Promise.resolve(true) })) },
      /was dropped and not copied out/,
    ],
    [
      'copying events out after they were dropped',
      { registry: tooLate('createEvent') },
      /was dropped and not copied out/,
    ],
    [
      'writing the verdict after the state',
      { registry: tooLate('createVerdict') },
      /without its verdict/,
    ],
    [
      'losing submissions',
      { registry: without(() => ({ createSubmission: () => Promise.resolve(true) })) },
      /has no submission/,
    ],
    ...ROLLOUT_FAULTS,
  ];

  test.each(faults)('%s', async (_, fault, broken) => {
    const caught: string[] = [];
    for (let seed = 0; seed < 2_000 && !caught.some((text) => broken.test(text)); seed++) {
      await interleave(seed, fault).catch((error: unknown) => caught.push(String(error)));
    }
    expect(caught.at(-1)).toMatch(broken);
  });
});

function retireUnasked(record: ModelRecord, version: Version, stamp: Stamp): ModelRecord {
  const versions = record.versions.map((entry): VersionEntry => {
    const { fingerprint, createdAt } = entry;
    return entry.version === version
      ? { version, fingerprint, createdAt, state: 'retired', retiredAt: createdAt }
      : entry;
  });
  const figures = { version: String(version) };
  return amend(record, { versions }, { type: 'retired', why: 'unasked', figures }, stamp);
}
