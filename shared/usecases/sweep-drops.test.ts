import { describe, expect, test } from '@jest/globals';
import {
  type DropProcess,
  DropWorld,
  dropAndWait,
  healthy,
  hear,
  sweep,
  validateAll,
} from '../../test/drops/drop-world.ts';
import { ServingError } from '../errors.ts';
import { settleDrops } from './settle-drops.ts';

const PATH = 'churn/model.onnx';
const DAY_MS = 86_400_000;

const dropped = (world: DropWorld, content: string, path = PATH) =>
  dropAndWait(world, path, content);

describe('the sweep', () => {
  test('takes what no event told of, once it is old enough', async () => {
    const world = new DropWorld();
    world.put(PATH, 'good');
    world.put('stats/x.onnx', 'names no model');
    await sweep(healthy(world));
    world.now += 59_999;
    expect(await sweep(healthy(world))).toMatchObject({ taken: [] });
    world.now += 1;
    const process = healthy(world);
    expect(await sweep(process)).toMatchObject({ taken: [PATH], failures: [] });
    await validateAll(world);
    expect(world.report(PATH)).toMatchObject({ outcome: 'production' });
    expect(world.report('stats/x.onnx')).toMatchObject({ outcome: 'refused' });
  });

  test('what it has seen costs nothing again, until it changes', async () => {
    const world = new DropWorld();
    await dropped(world, 'good');
    let reads = 0;
    const process = healthy(world);
    const registry = {
      ...process.registry,
      readDrop: (...args: Parameters<typeof process.registry.readDrop>) => {
        reads += 1;
        return process.registry.readDrop(...args);
      },
    };
    const counting = { ...process, registry };
    await sweep(counting);
    world.now += 60_000;
    await sweep(counting);
    expect(reads).toBe(1);
    await sweep(counting);
    expect(reads).toBe(1);
    world.put(PATH, 'better');
    await sweep(counting);
    world.now += 60_000;
    expect(await sweep(counting)).toMatchObject({ taken: [PATH] });
    expect(reads).toBeGreaterThan(1);
  });

  test('stops at once while a dependency is down, and gives nothing up', async () => {
    const world = new DropWorld();
    world.put('churn/a.onnx', 'good');
    world.put('churn/b.onnx', 'good');
    await sweep(healthy(world));
    world.now += 3 * DAY_MS;
    const down = new ServingError({ kind: 'unavailable', detail: 'down', retryAfterSeconds: 1 });
    const process = healthy(world);
    const artifacts = { ...process.artifacts, adoptDropped: () => Promise.reject(down) };
    await expect(sweep({ ...process, artifacts })).rejects.toBe(down);
    expect(await sweep(healthy(world))).toMatchObject({ taken: ['churn/a.onnx', 'churn/b.onnx'] });
  });

  test('gives up after a day what fails for no passing reason, and says so beside it', async () => {
    const world = new DropWorld();
    const etag = world.put(PATH, 'good');
    world.put('churn/other.onnx', 'fine');
    await sweep(healthy(world));
    world.now += 60_000;
    const bug = new Error('a bug');
    const broken = (): DropProcess => {
      const process = healthy(world);
      const adoptDropped: typeof process.artifacts.adoptDropped = (blob, ...rest) =>
        blob.path === PATH ? Promise.reject(bug) : process.artifacts.adoptDropped(blob, ...rest);
      return { ...process, artifacts: { ...process.artifacts, adoptDropped } };
    };
    expect(await sweep(broken())).toEqual({ taken: ['churn/other.onnx'], failures: [bug] });
    expect(await world.drop(PATH, etag)).toBeUndefined();
    world.now += DAY_MS;
    await sweep(broken());
    expect(world.report(PATH)).toMatchObject({
      outcome: 'refused',
      reasons: ['it could not be taken for a day: a bug'],
    });
    expect(await sweep(broken())).toEqual({ taken: [], failures: [] });
  });

  test('gives up after a day a receipt that it can not settle', async () => {
    const world = new DropWorld();
    await dropped(world, 'first');
    const etag = world.put(PATH, 'second');
    await hear(healthy(world), PATH, etag);
    const bug = new Error('a bug');
    const broken = (): DropProcess => {
      const process = healthy(world);
      return {
        ...process,
        registry: { ...process.registry, readModel: () => Promise.reject(bug) },
      };
    };
    expect((await settleDrops(broken())).failures).toEqual([bug]);
    world.now += DAY_MS + 1;
    await settleDrops(broken());
    await settleDrops(healthy(world));
    expect(world.report(PATH)).toMatchObject({
      outcome: 'held',
      version: '2',
      reasons: ['given up after a day: a bug'],
    });
  });
});
