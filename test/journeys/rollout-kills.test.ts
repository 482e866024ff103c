import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import {
  call,
  endOfRollout,
  eventsOf,
  once,
  type RolloutDocument,
  registerFixture,
} from './rollout-client.ts';
import { discard, type RunningHost, startHost } from './running-host.ts';
import { SteadyLoad } from './steady-load.ts';

// A host is lost in the middle of a canary: the next one goes on where it was.

const ENV = { PILOTLIGHT_COUNTERS_FLUSH_MS: '1000' };

/** A line for each request costs more than the request. */
const QUIET = ['--port', '0', '--no-samples', '--quiet'];

let host: RunningHost;
let load: SteadyLoad;
beforeAll(async () => {
  host = await startHost({ args: QUIET, env: ENV });
  for (const fixture of ['plain', 'better']) await registerFixture(host.url, 'digits', fixture);
  load = await SteadyLoad.start({ url: host.url, model: 'digits', perSecond: 100 });
});
afterAll(async () => {
  await load.stop();
  await discard(host);
});

async function loseHost(): Promise<void> {
  await host.kill();
  host = await startHost({ args: QUIET, dataDir: host.dataDir, env: ENV });
  load.url = host.url;
}

test('a rollout goes on and ends after its host was killed in its first and second step', async () => {
  const { status, document } = await call<RolloutDocument>(
    'POST',
    `${host.url}/models/digits/rollouts`,
    { version: '2', steps: [20, 50, 100], minRequests: 80, minSeconds: 4 },
  );
  expect(status).toBe(201);
  const path = () => `${host.url}/models/digits/rollouts/${document.id}`;
  await sleep(2_000);
  await loseHost();
  expect(await once<RolloutDocument>(path(), () => true)).toMatchObject({
    state: 'running',
    percent: 20,
  });
  await once<RolloutDocument>(path(), ({ percent }) => percent === 50);
  await sleep(1_000);
  await loseHost();
  const rollout = await endOfRollout(host.url, 'digits', '2');
  expect(rollout).toMatchObject({ id: document.id, state: 'completed' });

  const events = await eventsOf(host.url, 'digits');
  expect(events.map(({ seq }) => seq)).toEqual(events.map((_, i) => i + 1));
  const rolled = events.filter(({ figures }) => figures?.['rollout'] === document.id);
  expect(rolled.map(({ type, routing }) => [type, routing])).toEqual([
    ['rolloutStarted', { production: '1', candidate: { version: '2', percent: 20 } }],
    ['rolloutAdvanced', { production: '1', candidate: { version: '2', percent: 50 } }],
    ['rolloutCompleted', { production: '2' }],
  ]);
  console.log(load.counts(), rollout.why);
  // Who was failed had no answer at all: the host was gone.
  expect(load.failures.filter(({ status: answered }) => answered !== undefined)).toEqual([]);
});
