import { describe, expect, test } from '@jest/globals';
import { MAX_CARD_BYTES } from '../../functions/card.ts';
import {
  type DropProcess,
  DropWorld,
  healthy,
  hear,
  sweep,
  validate,
  validateAll,
} from '../../test/drops/drop-world.ts';
import { ServingError } from '../errors.ts';
import type { ModelName, Version } from '../ids.ts';
import { bury } from '../registry/deletion.ts';
import { retire } from '../registry/lifecycle.ts';
import { changeModel } from './change-model.ts';
import { settleDrops } from './settle-drops.ts';
import { startRollout } from './start-rollout.ts';

const model = 'churn' as ModelName;
const PATH = 'churn/model.onnx';
const DAY_MS = 86_400_000;
const stamp = (world: DropWorld) => ({ now: world.now, who: 'somebody' });

/** A model is dropped, and everything that follows happens. */
async function dropAndWait(world: DropWorld, content: string, path = PATH): Promise<string> {
  const etag = world.put(path, content);
  await hear(healthy(world), path, etag);
  await validateAll(world);
  return etag;
}
const policy = (world: DropWorld, name: string) => {
  world.put('churn/card.json', JSON.stringify({ policy: name }));
};
const types = async (world: DropWorld) => (await world.history(model)).map(({ type }) => type);

describe('a dropped model', () => {
  test('becomes a version with the card and evaluation in its folder, and takes production', async () => {
    const world = new DropWorld();
    const path = 'churn/2026 June/ü.onnx';
    world.put('churn/2026 June/card.json', '{"owner": "the one beside it"}');
    world.put('churn/card.json', '{"owner": "another folder\'s"}');
    world.put('churn/2026 June/evaluation.csv', 'x,label\n1,0\n');
    const etag = await dropAndWait(world, 'good', path);

    expect((await world.record(model))?.routing).toEqual({ production: 1 });
    const drop = await world.drop(path, etag);
    expect(drop?.status).toMatchObject({ state: 'settled', outcome: 'production', version: 1 });
    const submission = await world.registry.readSubmission({
      model,
      incarnation: 1,
      fingerprint: drop?.submitted?.fingerprint ?? ('' as never),
    });
    expect(submission).toMatchObject({
      card: { owner: 'the one beside it' },
      evaluation: { bytes: 12 },
    });
    expect([...world.artifacts.artifacts.keys()].map((name) => name.split('/').at(-1))).toEqual([
      'model.onnx',
      'evaluation.csv',
    ]);
    const [registered] = await world.history(model);
    expect(registered).toMatchObject({ who: 'drop', figures: { version: '1', dropped: path } });
    expect(world.report(path)).toEqual({
      model,
      version: '1',
      outcome: 'production',
      reasons: ['version 1 is production'],
      at: '2026-01-01T00:00:00.000Z',
      etag,
      href: '/models/churn/versions/1/report',
      report: { gates: [] },
    });
  });

  test('delivered again, late or without its ETag changes nothing', async () => {
    const world = new DropWorld();
    const etag = await dropAndWait(world, 'good');
    world.put('churn/card.json', '{"owner": "came later"}');
    const before = [await world.record(model), world.report(PATH)];
    world.now += DAY_MS;
    for (const told of [etag, etag.slice(1, -1), undefined]) {
      expect(await hear(healthy(world), PATH, told)).toMatchObject({ state: 'settled' });
    }
    expect(await sweep(healthy(world))).toEqual({ taken: [], failures: [] });
    expect(world.messages.registrations).toEqual([]);
    expect([await world.record(model), world.report(PATH)]).toEqual(before);
  });

  test('an event for a state that is past, or for nothing, ends quietly', async () => {
    const world = new DropWorld();
    const old = world.put(PATH, 'good');
    const now = world.put(PATH, 'better');
    expect(await hear(healthy(world), PATH, old)).toBeUndefined();
    expect(await world.drop(PATH, old)).toBeUndefined();
    expect(await world.record(model)).toBeUndefined();
    await hear(healthy(world), PATH, now);
    world.artifacts.incoming.clear();
    expect(await hear(healthy(world), 'churn/none.onnx')).toBeUndefined();
    // Taken already: it goes on though the file is gone, and leaves no report beside nothing.
    await validateAll(world);
    expect((await world.drop(PATH, now))?.status).toMatchObject({ outcome: 'production' });
    expect(world.artifacts.incoming.size).toBe(0);
  });

  test('replaced while it waits: both are versions, and the report is on the one that lies there', async () => {
    const world = new DropWorld();
    const old = world.put(PATH, 'good');
    await hear(healthy(world), PATH, old);
    const now = world.put(PATH, 'bad');
    await hear(healthy(world), PATH, now);
    await validateAll(world);
    expect(await world.drop(PATH, old)).toMatchObject({ status: { state: 'settled', version: 1 } });
    expect(world.report(PATH)).toMatchObject({ etag: now, version: '2', outcome: 'rejected' });
  });

  test('with a card replaced between two deliveries is what it was at first', async () => {
    const world = new DropWorld();
    world.put('churn/card.json', '{"owner": "first"}');
    world.put('churn/evaluation.csv', 'x\n1\n');
    const etag = world.put(PATH, 'good');
    const stops = dyingAfter(world, 'createDrop');
    await Promise.race([hear(stops, PATH, etag), stops.death]);
    expect((await world.drop(PATH, etag))?.status).toEqual({ state: 'taken' });
    world.put('churn/card.json', '{"owner": "second"}');
    world.put('churn/evaluation.csv', 'x\n2\n');
    await hear(healthy(world), PATH, etag);
    await validateAll(world);
    const verdict = await world.registry.readVerdict({
      model,
      incarnation: 1,
      version: 1 as Version,
    });
    expect(verdict?.card).toMatchObject({ owner: 'first' });
    expect((await world.record(model))?.versions).toHaveLength(1);
  });

  test('whose card changes while it is read is read again', async () => {
    const world = new DropWorld();
    const etag = world.put(PATH, 'good');
    world.put('churn/card.json', '{"owner": "first"}');
    const process = healthy(world);
    let reads = 0;
    const dropped = {
      ...process.dropped,
      read: (...args: Parameters<typeof process.dropped.read>) => {
        if (++reads === 1) world.put('churn/card.json', '{"owner": "second"}');
        return process.dropped.read(...args);
      },
    };
    await hear({ ...process, dropped }, PATH, etag);
    await validateAll(world);
    const verdict = await world.registry.readVerdict({
      model,
      incarnation: 1,
      version: 1 as Version,
    });
    expect(verdict?.card).toMatchObject({ owner: 'second' });
  });
});

describe('what can not be taken', () => {
  test.each([
    ['an empty file', '', {}, 'it is empty'],
    ['a file that is too large', 'x'.repeat(1_001), {}, 'expected at most 1000 bytes, got 1001'],
    ['a card that is no JSON', 'good', { 'card.json': '{' }, 'card: expected JSON in UTF-8'],
    ['a wrong card', 'good', { 'card.json': '{"policy": "now"}' }, 'policy'],
    ['a huge card', 'good', { 'card.json': ' '.repeat(MAX_CARD_BYTES + 1) }, 'at most 262144'],
    ['an empty evaluation', 'good', { 'evaluation.csv': '' }, 'evaluation.csv: it is empty'],
    [
      'an evaluation without columns',
      'good',
      { 'evaluation.csv': '\n1' },
      'its first line is empty',
    ],
  ])('%s is refused with a report, once', async (_, content, beside, reason) => {
    const world = new DropWorld();
    for (const [name, text] of Object.entries(beside)) world.put(`churn/${name}`, text);
    const etag = await dropAndWait(world, content);
    expect(world.report(PATH)).toEqual({
      model,
      outcome: 'refused',
      reasons: [expect.stringContaining(reason)],
      at: '2026-01-01T00:00:00.000Z',
      etag,
    });
    expect(await world.record(model)).toBeUndefined();
    // Mending what lies beside it doesn't: it has to be dropped again.
    world.put('churn/card.json', '{}');
    world.put('churn/evaluation.csv', 'x\n1\n');
    world.now += DAY_MS;
    await hear(healthy(world), PATH, etag);
    await sweep(healthy(world));
    expect(await world.record(model)).toBeUndefined();
    await dropAndWait(world, 'good');
    expect(world.report(PATH)).toMatchObject({ outcome: 'production' });
  });

  test.each([
    ['model.onnx', 'a folder named after the model'],
    ['Churn Model/model.onnx', 'model name: expected'],
    ['stats/model.onnx', 'not \\"stats\\"'],
  ])('%s names no model: that is said once', async (path, reason) => {
    const world = new DropWorld();
    const etag = world.put(path, 'good');
    expect(await hear(healthy(world), path, etag)).toBeUndefined();
    expect(world.report(path)).toMatchObject({ outcome: 'refused', etag });
    expect(JSON.stringify(world.report(path))).toContain(reason);
    const left = world.artifacts.incoming.get(`${path}.report.json`);
    world.now += DAY_MS;
    await hear(healthy(world), path, etag);
    await sweep(healthy(world));
    expect(world.artifacts.incoming.get(`${path}.report.json`)).toBe(left);
    const again = world.put(path, 'good');
    await hear(healthy(world), path, again);
    expect(world.report(path)).toMatchObject({ etag: again });
  });

  test('one whose name leaves no room for a report is taken without one', async () => {
    const world = new DropWorld();
    const path = `churn/${'x'.repeat(1024 - 'churn/.onnx'.length)}.onnx`;
    const etag = await dropAndWait(world, 'bad', path);
    expect((await world.drop(path, etag))?.status).toMatchObject({ outcome: 'rejected' });
    expect([...world.artifacts.incoming.keys()]).toEqual([path]);
  });

  test('a rejected one stays with its report beside it', async () => {
    const world = new DropWorld();
    const etag = await dropAndWait(world, 'bad');
    expect(world.report(PATH)).toMatchObject({
      version: '1',
      outcome: 'rejected',
      reasons: ['it is bad'],
      report: { gates: [{ gate: 'macroF1', result: 'failed', why: 'it is too low' }] },
      etag,
    });
    expect(world.artifacts.incoming.has(PATH)).toBe(true);
  });
});

describe('a model that is deleted', () => {
  const remove = (world: DropWorld) =>
    changeModel(healthy(world), model, (record) => ({
      record: record && bury(record, true, stamp(world)),
    }));

  test('after it was taken takes the drop along, and no sweep brings it back', async () => {
    const world = new DropWorld();
    await dropAndWait(world, 'first');
    const etag = world.put(PATH, 'second');
    const stops = dyingAfter(world, 'createDrop');
    await Promise.race([hear(stops, PATH, etag), stops.death]);
    await remove(world);
    world.now += DAY_MS;
    await sweep(healthy(world));
    await hear(healthy(world), PATH, etag);
    expect(await world.record(model)).toMatchObject({ incarnation: 2, versions: [], purges: [1] });
    expect(world.report(PATH)).toMatchObject({ outcome: 'gone', etag });

    await dropAndWait(world, 'second');
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
    await dropAndWait(world, 'first');
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

describe('the policy', () => {
  /** Version 1 is production; the next drop goes by this policy. */
  async function withProduction(name: string): Promise<DropWorld> {
    const world = new DropWorld();
    await dropAndWait(world, 'first');
    policy(world, name);
    return world;
  }

  test('manual starts nothing', async () => {
    const world = await withProduction('manual');
    await dropAndWait(world, 'second');
    expect(await world.record(model)).toMatchObject({ routing: { production: 1 } });
    expect((await world.record(model))?.rollout).toBeUndefined();
    expect(world.report(PATH)).toMatchObject({ outcome: 'ready', version: '2' });
  });

  test('canary begins with the first step', async () => {
    const world = await withProduction('canary');
    await dropAndWait(world, 'second');
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
    await dropAndWait(world, 'second');
    expect(await world.record(model)).toMatchObject({
      routing: { production: 1, shadow: { version: 2, percent: 10 } },
      rollout: { stage: { kind: 'shadow' } },
    });
  });

  test('immediate is production at once, and a rollout in the history', async () => {
    const world = await withProduction('immediate');
    await dropAndWait(world, 'second');
    expect(await world.record(model)).toMatchObject({
      routing: { production: 2 },
      rollout: { status: { state: 'completed' } },
    });
    expect(world.report(PATH)).toMatchObject({ outcome: 'production' });
    expect((await types(world)).filter((type) => type === 'rolloutStarted')).toHaveLength(1);
  });

  test('waits for somebody when too little is known', async () => {
    for (const name of ['canary', 'immediate']) {
      const world = await withProduction(name);
      await dropAndWait(world, 'few rows');
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
    await dropAndWait(world, 'wide');
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
    await dropAndWait(world, 'third', 'churn/next.onnx');
    if (!message) throw new Error('a message');
    await validate(healthy(world), message);
    expect(await world.record(model)).toMatchObject({ routing: { production: 3 } });
    expect(world.report(PATH)).toMatchObject({ outcome: 'ready', version: '2' });
  });

  test('takes its turn after a rollout that is active', async () => {
    const world = await withProduction('canary');
    await dropAndWait(world, 'second');
    await dropAndWait(world, 'third', 'churn/next.onnx');
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
    expect((await types(world)).filter((type) => type === 'rolloutStarted')).toHaveLength(2);
  });

  test('does not wait for ever', async () => {
    const world = await withProduction('canary');
    await dropAndWait(world, 'second');
    const etag = await dropAndWait(world, 'third', 'churn/next.onnx');
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
    await dropAndWait(world, 'second');
    const first = (await world.record(model))?.rollout?.id;
    const again = await dropAndWait(world, 'second');
    expect((await world.drop(PATH, again))?.status).toMatchObject({ rollout: first, version: 2 });
    await endRollout(world);
    await settleDrops(healthy(world));
    expect((await world.record(model))?.rollout?.id).toBe(first);
    await dropAndWait(world, 'second');
    expect((await world.record(model))?.rollout?.id).not.toBe(first);
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
    expect((await types(world)).filter((type) => type === 'rolloutStarted')).toHaveLength(2);
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
      await dropAndWait(world, 'first');
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
      await dropAndWait(world, 'first');
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
    expect((await types(world)).filter((type) => type === 'rolloutStarted')).toHaveLength(1);
    expect((await world.drop(PATH, etag))?.status).toMatchObject({ state: 'settled', version: 2 });
    expect(world.report(PATH)).toMatchObject({ etag, outcome: 'rollingOut' });
  }
});

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
    expect(await sweep(process)).toMatchObject({ taken: [PATH, 'stats/x.onnx'], failures: [] });
    await validateAll(world);
    expect(world.report(PATH)).toMatchObject({ outcome: 'production' });
    expect(world.report('stats/x.onnx')).toMatchObject({ outcome: 'refused' });
  });

  test('what it has seen costs nothing again, until it changes', async () => {
    const world = new DropWorld();
    await dropAndWait(world, 'good');
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
    await dropAndWait(world, 'first');
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

/** Whatever runs is promoted: its version takes production. */
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

/** A process that ends right after the `count`th call of that name (or of `any`) took effect. */
function dyingAfter(
  world: DropWorld,
  name: string,
  count = 1,
): DropProcess & { death: Promise<void> } {
  let left = count;
  let die: () => void = () => undefined;
  const death = new Promise<void>((resolve) => {
    die = resolve;
  });
  const mortal = <Port extends object>(port: Port): Port =>
    new Proxy(port, {
      get(target, key) {
        const method: unknown = Reflect.get(target, key);
        if (typeof method !== 'function' || key === 'list') return method;
        return async (...args: unknown[]): Promise<unknown> => {
          if (left <= 0) return new Promise(() => undefined);
          const answer: unknown = await Reflect.apply(method, target, args);
          if (key === name || name === 'any') left -= 1;
          if (left > 0) return answer;
          die();
          return new Promise(() => undefined);
        };
      },
    });
  const { registry, artifacts, messages, dropped, ...rest } = healthy(world);
  return {
    ...rest,
    registry: mortal(registry),
    artifacts: mortal(artifacts),
    messages: mortal(messages),
    dropped: mortal(dropped),
    death,
  };
}
