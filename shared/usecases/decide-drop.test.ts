import { describe, expect, test } from '@jest/globals';
import {
  DropWorld,
  dropAndWait,
  healthy,
  hear,
  sweep,
  validate,
} from '../../test/drops/drop-world.ts';
import { dyingAfter } from '../../test/drops/dying-process.ts';
import type { ModelName, Version } from '../ids.ts';
import { changeModel } from './change-model.ts';
import { settleDrops } from './settle-drops.ts';
import { startRollout } from './start-rollout.ts';

const model = 'churn' as ModelName;
const PATH = 'churn/model.onnx';
const DAY_MS = 86_400_000;

const dropped = (world: DropWorld, content: string, path = PATH) =>
  dropAndWait(world, path, content);
const policy = (world: DropWorld, name: string) => {
  world.put('churn/card.json', JSON.stringify({ policy: name }));
};
const rolloutsOf = async (world: DropWorld) =>
  (await world.history(model)).filter(({ type }) => type === 'rolloutStarted').length;

describe('the policy', () => {
  /** Version 1 is production; the next drop goes by this policy. */
  async function withProduction(name: string): Promise<DropWorld> {
    const world = new DropWorld();
    await dropped(world, 'first');
    policy(world, name);
    return world;
  }

  test('manual starts nothing', async () => {
    const world = await withProduction('manual');
    await dropped(world, 'second');
    expect(await world.record(model)).toMatchObject({ routing: { production: 1 } });
    expect((await world.record(model))?.rollout).toBeUndefined();
    expect(world.report(PATH)).toMatchObject({ outcome: 'ready', version: '2' });
  });

  test('canary begins with the first step', async () => {
    const world = await withProduction('canary');
    await dropped(world, 'second');
    const record = await world.record(model);
    expect(record).toMatchObject({
      routing: { production: 1, candidate: { version: 2, percent: 1 } },
      rollout: {
        startedBy: 'drop',
        plan: { steps: [1, 5, 25, 50, 100] },
        status: { state: 'running' },
      },
    });
    expect(world.report(PATH)).toMatchObject({
      outcome: 'rollingOut',
      rollout: record?.rollout?.id,
    });
  });

  test('shadow begins with copies', async () => {
    const world = await withProduction('shadow');
    await dropped(world, 'second');
    expect(await world.record(model)).toMatchObject({
      routing: { production: 1, shadow: { version: 2, percent: 10 } },
      rollout: { stage: { kind: 'shadow' } },
    });
  });

  test('immediate is production at once, and a rollout in the history', async () => {
    const world = await withProduction('immediate');
    await dropped(world, 'second');
    expect(await world.record(model)).toMatchObject({
      routing: { production: 2 },
      rollout: { status: { state: 'completed' } },
    });
    expect(world.report(PATH)).toMatchObject({ outcome: 'production' });
    expect(await rolloutsOf(world)).toBe(1);
  });

  test('waits for somebody when too little is known', async () => {
    for (const name of ['canary', 'immediate']) {
      const world = await withProduction(name);
      await dropped(world, 'few rows');
      expect(await world.record(model)).toMatchObject({
        rollout: { status: { state: 'paused', why: 'too few labelled rows' } },
      });
      expect(world.report(PATH)).toMatchObject({
        outcome: 'rollingOut',
        reasons: [expect.stringContaining('is paused: too few labelled rows')],
      });
    }
  });

  test('never rolls out what breaks callers', async () => {
    const world = await withProduction('immediate');
    await dropped(world, 'wide');
    expect(await world.record(model)).toMatchObject({ routing: { production: 1 } });
    expect(world.report(PATH)).toMatchObject({
      outcome: 'held',
      reasons: [
        expect.stringContaining('breaks callers of version 1'),
        expect.stringContaining('allowBreaking'),
      ],
    });
  });

  test('never goes back to what is older than production', async () => {
    const world = await withProduction('immediate');
    const older = world.put(PATH, 'second');
    await hear(healthy(world), PATH, older);
    const [message] = world.messages.registrations.splice(0);
    await dropped(world, 'third', 'churn/next.onnx');
    if (!message) throw new Error('a message');
    await validate(healthy(world), message);
    expect(await world.record(model)).toMatchObject({ routing: { production: 3 } });
    expect(world.report(PATH)).toMatchObject({ outcome: 'ready', version: '2' });
  });

  test('takes its turn after a rollout that is active', async () => {
    const world = await withProduction('canary');
    await dropped(world, 'second');
    await dropped(world, 'third', 'churn/next.onnx');
    expect(world.report('churn/next.onnx')).toMatchObject({
      outcome: 'waiting',
      reasons: [expect.stringMatching(/^rollout \S+ of version 2 is running$/)],
    });
    await settleDrops(healthy(world));
    expect((await world.record(model))?.rollout?.plan.version).toBe(2);
    await endRollout(world);
    await settleDrops(healthy(world));
    expect((await world.record(model))?.rollout?.plan.version).toBe(3);
    expect(world.report('churn/next.onnx')).toMatchObject({ outcome: 'rollingOut' });
    await settleDrops(healthy(world));
    expect(await rolloutsOf(world)).toBe(2);
  });

  test('the word that it waits, left late, does not stay', async () => {
    const world = await withProduction('canary');
    await dropped(world, 'second');
    const etag = world.put('churn/next.onnx', 'third');
    await hear(healthy(world), 'churn/next.onnx', etag);
    const [message] = world.messages.registrations.splice(0);
    if (!message) throw new Error('a message');
    const process = healthy(world);
    let late = 0;
    const leave: typeof process.dropped.leave = async (path, json) => {
      if (json.includes('"waiting"') && ++late === 1) {
        await endRollout(world);
        await settleDrops(healthy(world));
        expect(world.report('churn/next.onnx')).toMatchObject({ outcome: 'rollingOut' });
      }
      await process.dropped.leave(path, json);
    };
    await validate({ ...process, dropped: { ...process.dropped, leave } }, message);
    expect(late).toBe(1);
    expect(world.report('churn/next.onnx')).toMatchObject({ outcome: 'rollingOut', etag });
  });

  test('does not wait for ever', async () => {
    const world = await withProduction('canary');
    await dropped(world, 'second');
    const etag = await dropped(world, 'third', 'churn/next.onnx');
    world.now += DAY_MS - 1;
    await settleDrops(healthy(world));
    expect((await world.drop('churn/next.onnx', etag))?.status.state).toBe('registered');
    world.now += 1;
    await settleDrops(healthy(world));
    expect(world.report('churn/next.onnx')).toMatchObject({
      outcome: 'held',
      reasons: [expect.stringContaining('waited a day'), expect.any(String)],
    });
    expect(await world.registry.listUnsettledDrops({ limit: 9 })).toEqual([]);
  });

  test('dropped again while its own rollout runs, it starts no other; after that ended, it does', async () => {
    const world = await withProduction('canary');
    await dropped(world, 'second');
    const first = (await world.record(model))?.rollout?.id;
    const again = await dropped(world, 'second');
    expect((await world.drop(PATH, again))?.status).toMatchObject({ rollout: first, version: 2 });
    await endRollout(world);
    await settleDrops(healthy(world));
    expect((await world.record(model))?.rollout?.id).toBe(first);
    world.now += 1;
    await dropped(world, 'second');
    expect((await world.record(model))?.rollout?.id).not.toBe(first);
  });

  test('dropped again while its rollout runs, and looked at after that was aborted, it starts no other', async () => {
    const world = await withProduction('canary');
    await dropped(world, 'second');
    const first = (await world.record(model))?.rollout?.id;
    world.now += 1;
    const again = world.put(PATH, 'second');
    const stops = dyingAfter(world, 'createDrop');
    await Promise.race([hear(stops, PATH, again), stops.death]);
    world.now += 1;
    await endRollout(world);
    await startRollout(healthy(world), {
      model,
      wanted: { version: (await anotherVersion(world)) ?? (0 as Version) },
      who: 'somebody',
    });
    await endRollout(world);
    await sweep(healthy(world));
    expect((await world.drop(PATH, again))?.status).toMatchObject({ rollout: first, version: 2 });
    expect(await rolloutsOf(world)).toBe(2);
  });

  test('a rollout that ended long ago, its drop unsettled, is not started again', async () => {
    const world = await withProduction('canary');
    const etag = world.put(PATH, 'second');
    await hear(healthy(world), PATH, etag);
    const [message] = world.messages.registrations.splice(0);
    if (!message) throw new Error('a message');
    // Its rollout has started, and the process ends before it can say so.
    const stops = dyingAfter(world, 'replaceModel', 3);
    await Promise.race([validate(stops, message), stops.death]);
    const { id } = (await world.record(model))?.rollout ?? {};
    expect(id).toBeDefined();
    await endRollout(world);
    await startRollout(healthy(world), {
      model,
      wanted: { version: 2 as Version },
      who: 'somebody',
    });
    await endRollout(world);
    await sweep(healthy(world));
    expect((await world.drop(PATH, etag))?.status).toMatchObject({ state: 'settled', rollout: id });
    expect(await rolloutsOf(world)).toBe(2);
  });
});

/** Ready, and for people to route. */
async function anotherVersion(world: DropWorld): Promise<Version | undefined> {
  world.put('churn/aside/card.json', '{"policy": "manual"}');
  await dropped(world, 'third', 'churn/aside/model.onnx');
  return (await world.record(model))?.versions.at(-1)?.version;
}

/** Whatever runs is aborted. */
async function endRollout(world: DropWorld): Promise<void> {
  await changeModel(healthy(world), model, (record) => {
    if (!record?.rollout) throw new Error('a rollout');
    const { rollout } = record;
    return {
      record: {
        ...record,
        routing: { production: rollout.plan.from },
        rollout: {
          ...rollout,
          status: { state: 'aborted', finishedAt: new Date(world.now).toISOString(), why: 'asked' },
        },
      },
    };
  });
}
