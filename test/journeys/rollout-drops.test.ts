import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { register, sample } from './client.ts';
import { type Incoming, openIncoming } from './incoming.ts';
import {
  type EventDocument,
  endOfRollout,
  eventsOf,
  fixtureBytes,
  get,
  modelOf,
  type RoutingDocument,
  registerFixture,
} from './rollout-client.ts';
import { discard, type RunningHost, startHost } from './running-host.ts';
import { SteadyLoad } from './steady-load.ts';

// Models are dropped into `incoming/` while traffic goes on. A better one takes production, one that
// its report shows to be worse never gets there, and those that are worse in traffic alone are taken
// back. The tests go by the order in which they stand: each leaves what the next one begins with.

const TTL_MS = 2_000;
const ENV = {
  PILOTLIGHT_ROUTING_TTL_MS: String(TTL_MS),
  PILOTLIGHT_COUNTERS_FLUSH_MS: '1000',
};
/** What a picture with ink in its first pixel is to the erring model, of all requests. */
const ODD = 0.07;
const DIGITS = {
  task: 'classification',
  labels: ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'],
} as const;

/** A line for each request costs more than the request. */
const QUIET = ['--port', '0', '--no-samples', '--quiet'];
/** Harm takes more requests to prove where the machine has other work, and shadows wait for all of it. */
const SLOW_MACHINE_MS = 600_000;

let host: RunningHost;
let incoming: Incoming;
let load: SteadyLoad;
beforeAll(async () => {
  host = await startHost({ args: QUIET, env: ENV });
  incoming = await openIncoming(host);
  const first = await registerFixture(host.url, 'digits', 'plain', {
    card: DIGITS,
    evaluation: 'models/digits/evaluation.csv',
  });
  expect(first).toMatchObject({ version: '1', state: 'ready' });
  load = await SteadyLoad.start({ url: host.url, model: 'digits', perSecond: 100, odd: ODD });
});
afterAll(async () => {
  await load.stop();
  incoming.release();
  await discard(host);
});

interface DropReport {
  readonly outcome: string;
  readonly version?: string;
  readonly reasons: readonly string[];
}
const isSettled = ({ outcome }: DropReport) => outcome !== 'waiting';

/** Drops a fixture with card and evaluation file; the report that is left beside it. */
async function drop(model: string, fixture: string, card: object): Promise<DropReport> {
  const folder = `${model}/${fixture}`;
  await incoming.drop(folder, {
    'card.json': JSON.stringify(card),
    'evaluation.csv': await readFile(`models/${model}/evaluation.csv`),
    [`${fixture}.onnx`]: await fixtureBytes(fixture),
  });
  return await incoming.json<DropReport>(`${folder}/${fixture}.onnx.report.json`, isSettled);
}

const typesOf = (events: readonly EventDocument[]) => events.map(({ type }) => type);

test(
  'a better one: shadow, canary, production, and not one failed request',
  async () => {
    const before = (await eventsOf(host.url, 'digits')).length;
    const report = await drop('digits', 'better', {
      ...DIGITS,
      policy: 'shadow',
      rollout: {
        steps: [25, 50, 100],
        minRequests: 50,
        minSeconds: 3,
        shadow: { percent: 50, minRequests: 50 },
      },
    });
    expect(report).toMatchObject({ version: '2', outcome: 'rollingOut' });
    const rollout = await endOfRollout(host.url, 'digits', '2');
    expect(rollout).toMatchObject({ state: 'completed', version: '2', from: '1', percent: 100 });
    const model = await modelOf(host.url, 'digits');
    expect(model.routing).toEqual({ production: '2' });
    expect(model.rollout).toBeUndefined();

    // Every change once, with who, why and figures; what was routed then is told for each.
    const events = (await eventsOf(host.url, 'digits')).slice(before);
    expect(typesOf(events)).toEqual([
      'registered',
      'ready',
      'rolloutStarted',
      'rolloutAdvanced',
      'rolloutAdvanced',
      'rolloutCompleted',
    ]);
    const [registered, , started, shadowed, canaried, completed] = events;
    expect([registered?.who, started?.who]).toEqual(['drop', 'drop']);
    for (const { who, why, figures } of [shadowed, canaried, completed] as EventDocument[]) {
      expect(who).toBe('rollout');
      expect(why).not.toBe('');
      expect(figures).toMatchObject({ rollout: rollout.id, version: '2', from: '1' });
    }
    const share = (percent: number) => ({ version: '2', percent });
    expect(events.slice(2).map(({ routing }) => routing)).toEqual([
      { production: '1', shadow: share(50) },
      { production: '1', candidate: share(25) },
      { production: '1', candidate: share(50) },
      { production: '2' },
    ]);
    for (const { at, routing } of events) {
      const then = await get<{ routing: RoutingDocument }>(
        `${host.url}/models/digits/events?at=${encodeURIComponent(at)}`,
      );
      expect(then.routing).toEqual(routing);
    }

    // Both answered as the routing said, and nobody was failed.
    while (!load.counts()['2 production 200']) await sleep(100);
    await sleep(TTL_MS);
    const counts = load.counts();
    console.log('better.onnx', counts, `left out: ${load.skipped}`);
    expect(load.failures).toEqual([]);
    expect(Object.keys(counts).sort()).toEqual([
      '1 production 200',
      '2 candidate 200',
      '2 production 200',
    ]);

    const compared = await get<Record<string, unknown>>(
      `${host.url}/models/digits/compare?a=1&b=2`,
    );
    expect(compared).toMatchObject({
      a: { version: '1', report: { quality: { figures: expect.anything() } } },
      b: { version: '2', report: { quality: { figures: expect.anything() } } },
      live: expect.anything(),
    });
  },
  SLOW_MACHINE_MS,
);

test('one with shuffled labels is rejected by its report', async () => {
  const report = await drop('digits', 'shuffled', { ...DIGITS, policy: 'canary' });
  expect(report).toMatchObject({ outcome: 'rejected', version: '3' });
  const found = await get<{ outcome: string; gates: { gate: string; result: string }[] }>(
    `${host.url}/models/digits/versions/3/report`,
  );
  expect(found.outcome).toBe('rejected');
  const failed = found.gates.filter(({ result }) => result === 'failed');
  console.log('shuffled.onnx', failed);
  expect(failed).toMatchObject([
    { gate: 'notWorse', figure: expect.any(Number), bound: expect.any(Number) },
  ]);
  expect(report.reasons.join()).toContain('F1');
  expect((await modelOf(host.url, 'digits')).routing).toEqual({ production: '2' });
});

test('churn with two inputs swapped in its graph is rejected by its report', async () => {
  const card = JSON.parse(await readFile('models/churn/card.json', 'utf8')) as object;
  expect(await register(host.url, 'churn', await sample('churn'))).toMatchObject({ status: 201 });
  const report = await drop('churn', 'churn-swapped', card);
  expect(report).toMatchObject({ outcome: 'rejected', version: '2' });
  expect(report.reasons.join()).toMatch(/betterThanChance.*notWorse|notWorse.*betterThanChance/s);
  console.log('churn-swapped.onnx', report.reasons);
  expect((await modelOf(host.url, 'churn')).routing).toEqual({ production: '1' });
});

test.each([
  ['erring', '4', 'errors'],
  ['slow', '5', 'latency'],
])(
  '%s.onnx passes its report, harms, and is taken back',
  async (fixture, version, metric) => {
    const began = Date.now();
    const report = await drop('digits', fixture, {
      ...DIGITS,
      policy: 'canary',
      // Only harm ends its first step.
      rollout: { steps: [20, 100], minRequests: 1_000_000 },
    });
    expect(report).toMatchObject({ version, outcome: 'rollingOut' });
    const rollout = await endOfRollout(host.url, 'digits', version);
    const seenAt = Date.now();
    expect(rollout).toMatchObject({ state: 'rolledBack', from: '2', percent: 0 });
    expect((await modelOf(host.url, 'digits')).routing).toEqual({ production: '2' });

    const event = (await eventsOf(host.url, 'digits')).at(-1);
    expect(event).toMatchObject({ type: 'rolledBack', who: 'rollout', why: rollout.why });
    expect(event?.why.split(':')[0]).toBe(metric);
    expect(event?.figures).toMatchObject({
      rollout: rollout.id,
      requestsInAll: expect.any(Number),
      errors: expect.any(Number),
      slowMs: expect.any(Number),
    });

    // Instances ask again after the TTL; from then on nobody is answered by it.
    await sleep(TTL_MS + 1_000);
    const counts = load.counts(began);
    const since = load.answers.filter(({ sentAt }) => sentAt >= began);
    const candidate = since.filter(({ route }) => route === 'candidate');
    console.log(`${fixture}.onnx: ${rollout.why}`, counts);
    expect(candidate.length).toBeGreaterThan(0);
    expect(candidate.filter(({ sentAt }) => sentAt > seenAt + TTL_MS)).toEqual([]);
    expect(
      since.filter(({ route }) => route === 'production').map((one) => one.version),
    ).not.toContain(version);
    // What failed are the pictures that it can't answer, nothing else.
    const failures = load.failures.filter(({ sentAt }) => sentAt >= began);
    expect(failures.every(({ odd }) => odd)).toBe(true);
    expect(failures.length > 0).toBe(metric === 'errors');
  },
  SLOW_MACHINE_MS,
);
