import { describe, expect, test } from '@jest/globals';
import type { Drop } from '../shared/drops/drop.ts';
import { type DropFault, type DropsTold, dropAtRandom } from './drops/drop-run.ts';
import type { DropProcess } from './drops/drop-world.ts';
import { randomFrom } from './interleavings/schedule.ts';

const RUNS = 1_000;

async function run(seed: number, fault?: DropFault): Promise<DropsTold> {
  try {
    return await dropAtRandom(randomFrom(seed), fault);
  } catch (error) {
    throw new Error(`seed ${seed}: ${String(error)}`, { cause: error });
  }
}

describe('dropped models, whoever is told of them how often and in which order', () => {
  test(`${RUNS} disorders end as they must`, async () => {
    const outcomes = new Map<string, number>();
    let crashes = 0;
    let rollouts = 0;
    for (let seed = 1; seed <= RUNS; seed++) {
      const told = await run(seed);
      crashes += told.crashes;
      rollouts += told.rollouts;
      for (const { status } of told.drops) {
        if (status.state !== 'settled') continue;
        outcomes.set(status.outcome, (outcomes.get(status.outcome) ?? 0) + 1);
      }
    }
    // The disorder reaches every corner, or these runs show nothing.
    expect([...outcomes.keys()].sort()).toEqual([
      'gone',
      'held',
      'production',
      'ready',
      'refused',
      'rejected',
      'rollingOut',
    ]);
    expect(Math.min(...outcomes.values())).toBeGreaterThan(RUNS / 50);
    expect(crashes).toBeGreaterThan(RUNS);
    expect(rollouts).toBeGreaterThan(RUNS / 10);
  });

  const withRegistry =
    (change: (registry: DropProcess['registry']) => Partial<DropProcess['registry']>) =>
    (process: DropProcess): DropProcess => ({
      ...process,
      registry: { ...process.registry, ...change(process.registry) },
    });

  test.each<[string, DropFault['process']]>([
    [
      'receipts that the last one wins',
      withRegistry((registry) => ({
        async createDrop(drop: Drop) {
          if (await registry.createDrop(drop)) return true;
          const stands = await registry.readDrop(drop.model, drop.id);
          return (await registry.replaceDrop(drop, stands?.etag ?? '')) !== undefined;
        },
      })),
    ],
    [
      'nobody who looks after what was left',
      withRegistry(() => ({ listUnsettledDrops: () => Promise.resolve([]) })),
    ],
    [
      'rollouts that nobody remembers',
      withRegistry((registry) => ({
        readRollout: () => Promise.resolve(undefined),
        async readModel(model) {
          const stored = await registry.readModel(model);
          const { rollout, ...value } = stored?.value ?? {};
          return stored && rollout?.status.state !== 'running' && rollout?.status.state !== 'paused'
            ? { ...stored, value: value as typeof stored.value }
            : stored;
        },
      })),
    ],
    [
      'steps that ask for no condition',
      withRegistry((registry) => ({
        async replaceDrop(drop) {
          const stands = await registry.readDrop(drop.model, drop.id);
          return await registry.replaceDrop(drop, stands?.etag ?? '');
        },
      })),
    ],
    [
      'reports that nobody leaves',
      (process) => ({
        ...process,
        dropped: { ...process.dropped, leave: () => Promise.resolve() },
      }),
    ],
  ])('%s are noticed', async (_, process) => {
    let noticed: unknown;
    for (let seed = 1; seed <= RUNS && noticed === undefined; seed++) {
      await run(seed, process && { process }).catch((error: unknown) => (noticed = error));
    }
    expect(noticed).toBeInstanceOf(Error);
  });
});
