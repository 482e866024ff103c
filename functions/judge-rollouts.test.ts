import { expect, test } from '@jest/globals';
import { ServingError } from '../shared/errors.ts';
import type { ModelName, RolloutId } from '../shared/ids.ts';
import type { ModelRecord } from '../shared/registry/model-record.ts';
import type { Rollout } from '../shared/rollout/rollout.ts';
import { UNTOLD } from '../shared/telemetry/operation.ts';
import { createMemoryApp, quietContext } from '../test/memory-app.ts';
import { telling } from '../test/telling.ts';
import { judgeAllRollouts } from './judge-rollouts.ts';

test('a judge that can not read counters fails when it has looked at every rollout', async () => {
  const app = await createMemoryApp();
  try {
    for (const name of ['a', 'b']) await app.registry.createModel(recordOf(name));
    const asked: string[] = [];
    const counters = {
      ...app.counters,
      list: (key: string) => {
        asked.push(key);
        const failure = { kind: 'unavailable', detail: `no ${key}`, retryAfterSeconds: 1 } as const;
        return Promise.reject(new ServingError(failure));
      },
    };
    const context = quietContext();
    await expect(judgeAllRollouts({ ...app, counters }, context, UNTOLD)).rejects.toThrow(
      /^no r-[ab]$/,
    );
    expect(asked.sort()).toEqual(['r-a', 'r-b']);
    expect(context.logged.sort()).toEqual([
      'rollout of model a could not be judged: no r-a',
      'rollout of model b could not be judged: no r-b',
    ]);
    // And one that can: nothing has to be said of rollouts that are held.
    const calm = quietContext();
    await judgeAllRollouts(app, calm, UNTOLD);
    expect(calm.logged).toEqual([]);
  } finally {
    await app.close();
  }
});

test('what became of a rollout is in the log, in its trace and counted, once', async () => {
  const app = await createMemoryApp();
  try {
    await app.registry.createModel(recordOf('m'));
    const before = { requests: 400, errors: 0, timed: 0, slow: 0 };
    const block = { production: before, candidate: { ...before, errors: 200 } };
    const none = { count: 0, buckets: {} };
    await app.counters.write({
      key: 'r-m',
      stage: 0,
      boot: 'boot',
      updatedAt: 0,
      blocks: Array.from({ length: 10 }, () => block),
      latency: { production: none, candidate: none },
      answers: { production: {}, candidate: {} },
      shadow: { compared: 0, disagreed: 0, dropped: 0, numbers: 0, distanceSum: 0, distanceMax: 0 },
    });
    const { telemetry, sink } = telling();
    const context = quietContext();
    // One that is held, or over, is not told of.
    await app.registry.createModel(recordOf('held'));
    for (let look = 0; look < 3; look++) {
      await judgeAllRollouts({ ...app, telemetry }, context, UNTOLD);
    }
    await telemetry.flush();
    expect(sink.spans).toMatchObject([
      {
        name: 'judge-rollout',
        traceId: 'a'.repeat(32),
        parentId: 'b'.repeat(16),
        attributes: { model: 'm', rollout: 'r-m', step: 'rolledBack' },
      },
    ]);
    expect(sink.sum('pilotlight.rollouts', { model: 'm', outcome: 'rolledBack' })).toBe(1);
    expect(context.logged).toEqual([
      expect.stringMatching(/^rollout r-m of model m: rolledBack: errors: 2000 of 4000/),
    ]);
  } finally {
    await app.close();
  }
});

function recordOf(name: string): ModelRecord {
  const startedAt = '2026-01-02T03:04:05.000Z';
  const rollout = {
    id: `r-${name}` as RolloutId,
    plan: {
      version: 2,
      from: 1,
      steps: [10, 100],
      minRequests: 100,
      minSeconds: 0,
      allowBreaking: false,
    },
    startedBy: 'somebody',
    traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`,
    createdAt: startedAt,
    stage: { number: 0, kind: 'canary', percent: 10, startedAt },
    evidence: {},
    status: { state: 'running' },
  } as unknown as Rollout;
  const version = { createdAt: startedAt, state: 'ready' };
  return {
    model: name as ModelName,
    incarnation: 1,
    purges: [],
    generation: 1,
    nextVersion: 3,
    nextEvent: 1,
    routing: { production: 1, candidate: { version: 2, percent: 10 } },
    aliases: {},
    rollout,
    versions: [
      { ...version, version: 1, fingerprint: 'f1' },
      { ...version, version: 2, fingerprint: 'f2' },
    ],
    events: [],
  } as unknown as ModelRecord;
}
