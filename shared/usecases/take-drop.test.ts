import { describe, expect, test } from '@jest/globals';
import { MAX_CARD_BYTES } from '../../functions/card.ts';
import {
  DropWorld,
  dropAndWait,
  healthy,
  hear,
  sweep,
  validateAll,
} from '../../test/drops/drop-world.ts';
import { dyingAfter } from '../../test/drops/dying-process.ts';
import type { ModelName, Version } from '../ids.ts';

const model = 'churn' as ModelName;
const PATH = 'churn/model.onnx';
const DAY_MS = 86_400_000;

const dropped = (world: DropWorld, content: string, path = PATH) =>
  dropAndWait(world, path, content);

describe('a dropped model', () => {
  test('becomes a version with the card and evaluation in its folder, and takes production', async () => {
    const world = new DropWorld();
    const path = 'churn/2026 June/ü.onnx';
    world.put('churn/2026 June/card.json', '{"owner": "the one beside it"}');
    world.put('churn/card.json', '{"owner": "another folder\'s"}');
    world.put('churn/2026 June/evaluation.csv', 'x,label\n1,0\n');
    const etag = await dropped(world, 'good', path);

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
    const etag = await dropped(world, 'good');
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
    const etag = await dropped(world, content);
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
    await dropped(world, 'good');
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
    const etag = await dropped(world, 'bad', path);
    expect((await world.drop(path, etag))?.status).toMatchObject({ outcome: 'rejected' });
    expect([...world.artifacts.incoming.keys()]).toEqual([path]);
  });

  test('a rejected one stays with its report beside it', async () => {
    const world = new DropWorld();
    const etag = await dropped(world, 'bad');
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
