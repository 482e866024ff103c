import { describe, expect, test } from '@jest/globals';
import { randomFrom } from '../../test/interleavings/schedule.ts';
import {
  type Behaviour,
  FINE,
  Instance,
  judgeIn,
  model,
  newWorld,
  ONE,
  TWO,
  type World,
} from '../../test/rollouts/world.ts';
import type { ModelRecord, Routing } from '../registry/model-record.ts';
import type { WantedRollout } from '../registry/rollout-plan.ts';
import { judgeRollouts } from './judge-rollouts.ts';
import { readEvents } from './read-history.ts';
import { startRollout } from './start-rollout.ts';

const STEP_MS = 2_000;
const WILD_STEPS = 40;
/** The world is calm long before; a rollout that needs as many would not come to an end. */
const MAX_STEPS = 600;

/** A rollout under steady traffic: `wild` lets anything happen for a while; until it ends. */
async function runRollout(
  world: World,
  candidate: Behaviour,
  { random, wild }: { random: () => number; wild: boolean },
): Promise<ModelRecord> {
  const { time, deps } = world;
  let booted = 0;
  const boot = () => new Instance(world, `boot-${++booted}`);
  const instances = [boot(), boot(), boot()];
  if (!wild) for (const instance of instances) await instance.calm();
  for (let step = 0; step < MAX_STEPS; step++) {
    const calm = !wild || step >= WILD_STEPS;
    if (wild && step === WILD_STEPS) for (const instance of instances) await instance.calm();
    time.now += STEP_MS;
    if (!calm && random() < 0.2) time.now += Math.round((random() - 0.5) * 120_000);
    for (const [n, instance] of instances.entries()) {
      if (calm || random() < 0.5) await instance.look();
      instance.serve({ [TWO]: candidate }, random);
      if (calm || random() < 0.6) await instance.flush();
      if (!calm) await instance.deliver(random);
      if (!calm && random() < 0.03) instances[n] = boot();
    }
    const judges = Array.from({ length: calm ? 1 : Math.floor(random() * 3) }, () => {
      const dies = !calm && random() < 0.5;
      const crash = { call: 1 + Math.floor(random() * 6), after: random() < 0.5 };
      return judgeIn(world, dies ? crash : undefined);
    });
    const looks = judges.map((judge) =>
      Promise.race([judgeRollouts(judge.deps), judge.death.then(() => undefined)]),
    );
    for (const look of await Promise.all(looks)) expect(look?.failures ?? []).toEqual([]);
    const record = (await deps.registry.readModel(model))?.value;
    const state = record?.rollout?.status.state;
    if (record && state !== 'running' && state !== 'paused') return record;
  }
  throw new Error(`no end after ${MAX_STEPS} steps`);
}

const begin = async (world: World, wanted: Partial<WantedRollout>) => {
  await startRollout(world.deps, {
    model,
    who: 'somebody',
    wanted: { version: TWO, steps: [10, 50, 100], minRequests: 100, minSeconds: 10, ...wanted },
  });
};

/** What a rollout's record may route, said anew. */
function meantRouting({ rollout }: ModelRecord): Routing {
  if (!rollout) return { production: ONE };
  const { stage, status, plan } = rollout;
  const share = { version: plan.version, percent: stage.percent };
  switch (status.state) {
    case 'running':
    case 'paused':
      return {
        production: ONE,
        ...(stage.kind === 'shadow' ? { shadow: share } : { candidate: share }),
      };
    case 'completed':
      return { production: TWO };
    default:
      return { production: ONE };
  }
}

/** Whatever happened: what was routed was meant, and all of it is in the history once. */
async function expectMeant(world: World): Promise<void> {
  let [stage, percent] = [-1, 0];
  for (const record of world.written) {
    expect(record.routing).toEqual(meantRouting(record));
    const { rollout } = record;
    // Whoever judged had looked at the very stage that ended by it.
    const judged = rollout?.judgement?.figures.stage;
    const passed = rollout?.status.state === 'running' ? stage : rollout?.stage.number;
    if (rollout?.judgement && rollout.stage.number !== stage) expect(judged).toBe(passed);
    if (rollout && rollout.status.state !== 'running') expect(judged).toBe(passed);
    if (rollout?.status.state !== 'running') continue;
    expect(record.versions.map(({ state }) => state)).toEqual(['ready', 'ready']);
    expect(rollout.stage.number - stage).toBeGreaterThanOrEqual(0);
    expect(rollout.stage.number - stage).toBeLessThanOrEqual(1);
    if (rollout.stage.kind === 'canary') {
      expect(rollout.stage.percent).toBeGreaterThanOrEqual(percent);
      percent = rollout.stage.percent;
    }
    stage = rollout.stage.number;
  }
  const { events } = await readEvents(world.deps, model, { after: 0, limit: 1_000 });
  expect(events.map(({ seq }) => seq)).toEqual(events.map((_, n) => n + 1));
  const told = events.filter(({ type }) => /^roll/.test(type));
  expect(told[0]?.type).toBe('rolloutStarted');
  expect(told.slice(1).every(({ who }) => who === 'rollout')).toBe(true);
  const ends = told.filter(({ type }) => type === 'rolloutCompleted' || type === 'rolledBack');
  expect(ends).toEqual([told.at(-1)]);
  const advanced = told.filter(({ type }) => type === 'rolloutAdvanced');
  const percents = [told[0], ...advanced].flatMap(
    (event) => event?.routing.candidate?.percent ?? [],
  );
  expect(percents).toEqual([10, 50].slice(0, percents.length));
  if (ends[0]?.type === 'rolloutCompleted') expect(percents).toEqual([10, 50]);
}

describe('whatever happens to judges, counters and clocks', () => {
  test.each([
    ['a candidate as good as production is completed', FINE, 'completed'],
    ['one that fails often is rolled back', { ...FINE, errors: 0.3 }, 'rolledBack'],
    ['one that is slow is rolled back', { ...FINE, ms: 12 }, 'rolledBack'],
  ] as const)('%s', async (_, behaviour, state) => {
    for (let seed = 1; seed <= 20; seed++) {
      for (const wild of [false, true]) {
        const world = await newWorld();
        await begin(world, seed % 2 === 0 ? { shadow: { percent: 50, minRequests: 100 } } : {});
        const record = await runRollout(world, behaviour, { random: randomFrom(seed), wild });
        expect([seed, wild, record.rollout?.status]).toMatchObject([seed, wild, { state }]);
        await expectMeant(world);
      }
    }
  });

  test('a judge may stop at any call, and another go on', async () => {
    let stopped = 0;
    for (let call = 1; call <= 8; call++) {
      for (const after of [false, true]) {
        const world = await newWorld();
        await begin(world, { minRequests: 0, minSeconds: 0 });
        for (let step = 0; step < 6; step++) {
          world.time.now += STEP_MS;
          const judge = judgeIn(world, step % 2 === 0 ? { call, after } : undefined);
          const died = judge.death.then(() => {
            stopped++;
          });
          await Promise.race([judgeRollouts(judge.deps), died]);
        }
        const record = (await world.deps.registry.readModel(model))?.value;
        expect([call, after, record?.rollout?.status.state]).toEqual([call, after, 'completed']);
        await expectMeant(world);
      }
    }
    expect(stopped).toBeGreaterThan(16);
  });
});
