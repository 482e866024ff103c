import { describe, expect, test } from '@jest/globals';
import {
  DropWorld,
  dropAndWait,
  healthy,
  hear,
  sweep,
  validate,
  validateAll,
} from '../../test/drops/drop-world.ts';
import { dyingAfter } from '../../test/drops/dying-process.ts';
import type { ModelName, Version } from '../ids.ts';
import { bury } from '../registry/deletion.ts';
import { retire } from '../registry/lifecycle.ts';
import { changeModel } from './change-model.ts';

const model = 'churn' as ModelName;
const PATH = 'churn/model.onnx';
const DAY_MS = 86_400_000;
const stamp = (world: DropWorld) => ({ now: world.now, who: 'somebody' });

const dropped = (world: DropWorld, content: string, path = PATH) =>
  dropAndWait(world, path, content);
const policy = (world: DropWorld, name: string) => {
  world.put('churn/card.json', JSON.stringify({ policy: name }));
};
const rolloutsOf = async (world: DropWorld) =>
  (await world.history(model)).filter(({ type }) => type === 'rolloutStarted').length;

describe('a model that is deleted', () => {
  const remove = (world: DropWorld) =>
    changeModel(healthy(world), model, (record) => ({
      record: record && bury(record, true, stamp(world)),
    }));

  test('after it was taken takes the drop along, and no sweep brings it back', async () => {
    const world = new DropWorld();
    await dropped(world, 'first');
    const etag = world.put(PATH, 'second');
    const stops = dyingAfter(world, 'createDrop');
    await Promise.race([hear(stops, PATH, etag), stops.death]);
    await remove(world);
    world.now += DAY_MS;
    await sweep(healthy(world));
    await hear(healthy(world), PATH, etag);
    expect(await world.record(model)).toMatchObject({ incarnation: 2, versions: [], purges: [1] });
    expect(world.report(PATH)).toMatchObject({ outcome: 'gone', etag });

    await dropped(world, 'second');
    expect(await world.record(model)).toMatchObject({ incarnation: 2, routing: { production: 2 } });
  });

  test('before it was examined', async () => {
    const world = new DropWorld();
    const etag = world.put(PATH, 'good');
    await hear(healthy(world), PATH, etag);
    await remove(world);
    await validateAll(world);
    expect((await world.drop(PATH, etag))?.status).toMatchObject({ outcome: 'gone', version: 1 });
  });

  test('a version that was retired before this was settled is not registered anew', async () => {
    const world = new DropWorld();
    await dropped(world, 'first');
    const etag = world.put(PATH, 'second');
    const stops = dyingAfter(world, 'replaceModel');
    await Promise.race([hear(stops, PATH, etag), stops.death]);
    await validate(healthy(world), { model, incarnation: 1, version: 2 as Version });
    await changeModel(healthy(world), model, (record) => ({
      record: record && retire(record, 2 as Version, stamp(world)),
    }));
    await hear(healthy(world), PATH, etag);
    expect((await world.record(model))?.versions).toHaveLength(2);
    expect(world.report(PATH)).toMatchObject({ version: '2' });
  });
});

describe('a crash after any call', () => {
  test.each([
    ['another delivery', (world: DropWorld, etag: string) => hear(healthy(world), PATH, etag)],
    ['the sweep', (world: DropWorld) => sweep(healthy(world))],
  ])('of the first delivery: %s goes on, and the rollout starts once', async (_, goOn) => {
    let crashes = 0;
    for (let call = 1; ; call++) {
      const world = new DropWorld();
      await dropped(world, 'first');
      policy(world, 'canary');
      const etag = world.put(PATH, 'second');
      await sweep(healthy(world));
      const stops = dyingAfter(world, 'any', call);
      const end = await Promise.race([hear(stops, PATH, etag), stops.death]);
      world.now += 60_000;
      await goOn(world, etag);
      await validateAll(world);
      await expectOneRollout(world, etag);
      if (end) break;
      crashes += 1;
    }
    expect(crashes).toBeGreaterThan(12);
  });

  test('of what follows the validation: the next one goes on, and the rollout starts once', async () => {
    let crashes = 0;
    for (let call = 1; ; call++) {
      const world = new DropWorld();
      await dropped(world, 'first');
      policy(world, 'canary');
      const etag = world.put(PATH, 'second');
      await hear(healthy(world), PATH, etag);
      const [message] = world.messages.registrations.splice(0);
      if (!message) throw new Error('a message');
      const stops = dyingAfter(world, 'any', call);
      const end = await Promise.race([validate(stops, message).then(() => true), stops.death]);
      await validate(healthy(world), message);
      await expectOneRollout(world, etag);
      if (end) break;
      crashes += 1;
    }
    expect(crashes).toBeGreaterThan(20);
  });

  async function expectOneRollout(world: DropWorld, etag: string): Promise<void> {
    const record = await world.record(model);
    expect(record?.versions).toMatchObject([{ state: 'ready' }, { state: 'ready' }]);
    expect(record?.routing).toEqual({ production: 1, candidate: { version: 2, percent: 1 } });
    expect(await rolloutsOf(world)).toBe(1);
    expect((await world.drop(PATH, etag))?.status).toMatchObject({ state: 'settled', version: 2 });
    expect(world.report(PATH)).toMatchObject({ etag, outcome: 'rollingOut' });
  }
});
