import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createCosmosCounters } from '../../shared/adapters/azure/counters.ts';
import { countersDocument } from '../../shared/adapters/counters-document.ts';
import { MAX_DOCUMENT_BYTES } from '../../shared/adapters/document-limits.ts';
import { createMemoryCounters } from '../../shared/adapters/memory/counters.ts';
import type { CounterStore } from '../../shared/ports/counters.ts';
import type { ArmCounts, StageCounts } from '../../shared/rollout/counts.ts';
import { type CosmosEmulator, startCosmosEmulator } from './cosmos.ts';

let emulator: CosmosEmulator;
beforeAll(async () => {
  emulator = await startCosmosEmulator();
});
afterAll(() => emulator.close());

const stores: [string, () => CounterStore][] = [
  ['memory', () => createMemoryCounters()],
  ['Cosmos', () => createCosmosCounters(emulator.config)],
];

/** A key of its own for each test: the emulator is shared by all of them. */
let made = 0;
const newKey = () => `churn~1~${++made}`;
const byBoot = (a: StageCounts, b: StageCounts) => (a.boot < b.boot ? -1 : 1);

describe.each(stores)('counters in %s', (_, open) => {
  let counters: CounterStore;
  beforeAll(() => {
    counters = open();
  });

  test('what was never written is empty', async () => {
    expect(await counters.list(newKey(), 0)).toEqual([]);
  });

  test('each boot has its own, and the last that it wrote counts', async () => {
    const key = newKey();
    await counters.write(countsOf({ key, boot: 'a', updatedAt: 1 }));
    await counters.write(countsOf({ key, boot: 'b', updatedAt: 2 }));
    const last = countsOf({ key, boot: 'a', updatedAt: 3, answers: 'Straße' });
    await counters.write(last);
    await counters.write(last);
    const found = await counters.list(key, 0);
    expect(found.sort(byBoot)).toEqual([last, countsOf({ key, boot: 'b', updatedAt: 2 })]);
  });

  test('stages and rollouts are apart', async () => {
    const [key, other] = [newKey(), newKey()];
    for (const stage of [0, 1, 11]) await counters.write(countsOf({ key, stage }));
    await counters.write(countsOf({ key: other, stage: 1 }));
    expect(await counters.list(key, 1)).toEqual([countsOf({ key, stage: 1 })]);
    expect(await counters.list(key, 11)).toEqual([countsOf({ key, stage: 11 })]);
    expect(await counters.list(other, 1)).toEqual([countsOf({ key: other, stage: 1 })]);
    expect(await counters.list(other, 0)).toEqual([]);
  });

  test('there may be more boots than the store answers at once', async () => {
    const key = newKey();
    const boots = Array.from({ length: 130 }, (_, n) => `boot-${String(n).padStart(3, '0')}`);
    await Promise.all(boots.map((boot) => counters.write(countsOf({ key, boot }))));
    const found = await counters.list(key, 0);
    expect(found.map(({ boot }) => boot).sort()).toEqual(boots);
  });

  test("documents are held to Azure's limits", async () => {
    const key = newKey();
    const huge = countsOf({ key, answers: 'x'.repeat(MAX_DOCUMENT_BYTES) });
    await expect(counters.write(huge)).rejects.toMatchObject({
      failure: { kind: 'conflict', detail: expect.stringMatching(/at most 1500000 bytes, got 15/) },
    });
    await expect(counters.write(countsOf({ key, boot: 'a/b' }))).rejects.toMatchObject({
      failure: { kind: 'malformed' },
    });
    expect(await counters.list(key, 0)).toEqual([]);
  });
});

test('Cosmos is told to remove counters a month after their last write', () => {
  expect(countersDocument(countsOf({ key: 'r1', stage: 2, boot: 'b' }))).toMatchObject({
    id: '2:b',
    rollout: 'r1',
    stage: 2,
    ttl: 30 * 86_400,
  });
});

test('a Cosmos that is gone is unavailable', async () => {
  const own = await startCosmosEmulator();
  const counters = createCosmosCounters(own.config);
  const unavailable = { failure: { kind: 'unavailable' } };
  await own.close();
  await expect(counters.write(countsOf({ key: 'r1' }))).rejects.toMatchObject(unavailable);
  await expect(counters.list('r1', 0)).rejects.toMatchObject(unavailable);
});

function countsOf(given: {
  key: string;
  stage?: number;
  boot?: string;
  updatedAt?: number;
  /** A label that was answered. */
  answers?: string;
}): StageCounts {
  const arm: ArmCounts = {
    requests: 9,
    errors: 8,
    errorsAgain: 7,
    timed: 6,
    slow: 5,
    slowAgain: 4,
  };
  return {
    key: given.key,
    stage: given.stage ?? 0,
    boot: given.boot ?? 'boot',
    updatedAt: given.updatedAt ?? 1_700_000_000_000,
    blocks: [
      { production: arm, candidate: { ...arm, requests: 4 } },
      { production: { ...arm, slow: 1 }, candidate: arm },
    ],
    latency: {
      production: { count: 2, buckets: { '-3': 1, '17': 1 } },
      candidate: { count: 0, buckets: {} },
    },
    answers: { production: { [given.answers ?? 'yes']: 2 }, candidate: {} },
    shadow: {
      compared: 0,
      disagreed: 0,
      dropped: 0,
      numbers: 0,
      distanceSum: 0,
      distanceMax: 0,
    },
  };
}
