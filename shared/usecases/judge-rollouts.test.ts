import { beforeEach, describe, expect, test } from '@jest/globals';
import { createMemoryCounters } from '../adapters/memory/counters.ts';
import { createMemoryRegistry } from '../adapters/memory/registry.ts';
import type { Fingerprint, ModelName, RolloutId, Version } from '../ids.ts';
import type { RegistryStore } from '../ports/registry.ts';
import type { ModelRecord } from '../registry/model-record.ts';
import { planOf } from '../registry/rollout-plan.ts';
import type { ArmCounts, Block, StageCounts } from '../rollout/counts.ts';
import type { Rollout } from '../rollout/rollout.ts';
import { type JudgeDeps, judgeNow, judgeRollouts } from './judge-rollouts.ts';

const BEGAN = Date.parse('2026-01-02T03:04:05Z');
const [ONE, TWO] = [1 as Version, 2 as Version];

let now: number;
let registry: RegistryStore;
let deps: JudgeDeps;
beforeEach(() => {
  now = BEGAN;
  registry = createMemoryRegistry();
  deps = {
    registry,
    counters: createMemoryCounters(),
    clock: () => now,
    backOff: () => Promise.resolve(),
  };
});

/** A model whose version 2 has 10 % of the requests, by a rollout named after it. */
async function rollingOut(name: string, given: Partial<Rollout> = {}): Promise<Rollout> {
  const version = (n: Version) => ({
    version: n,
    fingerprint: `f${n}` as Fingerprint,
    createdAt: new Date(BEGAN).toISOString(),
    state: 'ready' as const,
  });
  const startedAt = new Date(BEGAN).toISOString();
  const rollout: Rollout = {
    id: `r-${name}` as RolloutId,
    plan: planOf({ version: TWO, steps: [10, 50, 100], minRequests: 100, minSeconds: 60 }, ONE),
    startedBy: 'somebody',
    createdAt: startedAt,
    stage: { number: 0, kind: 'canary', percent: 10, startedAt },
    evidence: {},
    slowMs: 10,
    status: { state: 'running' },
    ...given,
  };
  const record: ModelRecord = {
    model: name as ModelName,
    incarnation: 1,
    purges: [],
    generation: 1,
    nextVersion: 3,
    nextEvent: 1,
    routing: { production: ONE, candidate: { version: TWO, percent: 10 } },
    aliases: {},
    rollout,
    versions: [version(ONE), version(TWO)],
    events: [],
  };
  await registry.createModel(record);
  return rollout;
}

const recordOf = async (name: string) => {
  const stored = await registry.readModel(name as ModelName);
  if (!stored) throw new Error(`${name} is gone`);
  return stored.value;
};

/** Writes that the candidate took 40 requests in each of ten blocks, of which so many failed. */
async function count(
  rollout: Rollout,
  failed = 0,
  { boot = 'boot', bucket = 70 }: { boot?: string; bucket?: number } = {},
): Promise<void> {
  const arm = (requests: number, errors: number): ArmCounts => ({
    requests,
    errors,
    timed: requests - errors,
    slow: 0,
  });
  const block: Block = { production: arm(360, 0), candidate: arm(40, failed) };
  const sketch = { count: 3_600, buckets: { [bucket]: 3_600 } };
  const counts: StageCounts = {
    key: rollout.id,
    stage: rollout.stage.number,
    boot,
    updatedAt: now,
    blocks: Array.from({ length: 10 }, () => block),
    latency: { production: sketch, candidate: sketch },
    answers: { production: {}, candidate: {} },
    shadow: { compared: 0, disagreed: 0, dropped: 0, numbers: 0, distanceSum: 0, distanceMax: 0 },
  };
  await deps.counters.write(counts);
}

const later = (seconds: number) => {
  now = BEGAN + seconds * 1_000;
};

describe('a look at all rollouts', () => {
  test('advances, holds and takes back, and says what it did', async () => {
    const [good, bad] = [await rollingOut('good'), await rollingOut('bad')];
    await rollingOut('new');
    await count(good);
    await count(bad, 20);
    later(61);
    const { changed, failures } = await judgeRollouts(deps);
    expect(failures).toEqual([]);
    expect(changed).toHaveLength(2);
    expect(changed).toContainEqual(
      expect.objectContaining({ model: 'good', rollout: good.id, state: 'running' }),
    );
    expect(changed).toContainEqual(
      expect.objectContaining({
        model: 'bad',
        rollout: bad.id,
        state: 'rolledBack',
        judgement: expect.objectContaining({ why: expect.stringContaining('200 of 400') }),
      }),
    );
    expect((await recordOf('good')).routing.candidate?.percent).toBe(50);
    const { routing, events, rollout } = await recordOf('bad');
    expect(routing).toEqual({ production: ONE });
    expect(rollout?.status).toMatchObject({ state: 'rolledBack' });
    expect(events).toMatchObject([
      { type: 'rolledBack', who: 'rollout', figures: { errors: 200, requests: 400, from: '1' } },
    ]);
    expect((await recordOf('new')).events).toEqual([]);
  });

  test('changes nothing a second time', async () => {
    const good = await rollingOut('good');
    await count(good);
    later(61);
    await judgeRollouts(deps);
    const before = await registry.readModel('good' as ModelName);
    expect(await judgeRollouts(deps)).toEqual({ changed: [], failures: [] });
    expect(await registry.readModel('good' as ModelName)).toEqual(before);
  });

  test('one that can not be judged is told, and keeps nobody from being judged', async () => {
    for (let n = 0; n < 20; n++) await count(await rollingOut(`m${n}`));
    later(61);
    const { counters } = deps;
    const broken = {
      ...deps,
      counters: {
        ...counters,
        list: (key: string, stage: number) =>
          key === 'r-m3' ? Promise.reject(new Error('no counters')) : counters.list(key, stage),
      },
    };
    const { changed, failures } = await judgeRollouts(broken);
    expect(failures).toEqual([{ model: 'm3', error: new Error('no counters') }]);
    expect(changed).toHaveLength(19);
  });

  test('settles once what is slow, and that is no event', async () => {
    const { slowMs, ...rest } = await rollingOut('other');
    expect(slowMs).toBe(10);
    await registry.createModel({
      ...(await recordOf('other')),
      model: 'm' as ModelName,
      rollout: rest,
    });
    await count(rest);
    expect(await judgeRollouts(deps)).toEqual({ changed: [], failures: [] });
    const settled = await recordOf('m');
    expect(settled.rollout?.slowMs).toBeGreaterThan(1);
    expect([settled.events, settled.generation]).toEqual([[], 1]);
    await count(rest, 0, { boot: 'another', bucket: 300 });
    await judgeRollouts(deps);
    expect(await recordOf('m')).toEqual(settled);
  });

  test('a paused one does not advance, but is taken back', async () => {
    const paused = { status: { state: 'paused', why: 'wait' } } as const;
    const [good, bad] = [await rollingOut('good', paused), await rollingOut('bad', paused)];
    await count(good);
    await count(bad, 20);
    later(61);
    const { changed } = await judgeRollouts(deps);
    expect(changed.map(({ model }) => model)).toEqual(['bad']);
    expect((await recordOf('good')).rollout?.status).toEqual(paused.status);
  });

  test('a judge that is behind changes nothing: of another stage, or of a rollout that is over', async () => {
    const good = await rollingOut('good');
    await count(good);
    later(61);
    const stale = await registry.listRollingOut({ limit: 10 });
    await judgeRollouts(deps);
    const behind = {
      ...deps,
      registry: { ...registry, listRollingOut: () => Promise.resolve(stale) },
    };
    expect(await judgeRollouts(behind)).toEqual({ changed: [], failures: [] });
    expect((await recordOf('good')).rollout?.stage.number).toBe(1);
  });
});

describe('a clock', () => {
  test('that goes back behind the start of a stage holds it', async () => {
    const good = await rollingOut('good');
    await count(good);
    for (const seconds of [-3_600, 59]) {
      later(seconds);
      expect(await judgeRollouts(deps)).toEqual({ changed: [], failures: [] });
    }
    later(60);
    expect((await judgeRollouts(deps)).changed).toHaveLength(1);
  });

  test('that jumps ahead lets no stage end without its requests', async () => {
    await rollingOut('good');
    later(86_400 * 365);
    expect(await judgeRollouts(deps)).toEqual({ changed: [], failures: [] });
  });
});

test('a look at one rollout says what it comes to, and changes nothing', async () => {
  const bad = await rollingOut('bad');
  await count(bad, 20);
  const before = await recordOf('bad');
  expect(await judgeNow(deps, bad)).toMatchObject({
    at: new Date(now).toISOString(),
    decision: 'rollBack',
    figures: { errors: 200 },
  });
  expect(await recordOf('bad')).toEqual(before);
});
