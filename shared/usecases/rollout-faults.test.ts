import { describe, expect, test } from '@jest/globals';
import { createMemoryCounters } from '../adapters/memory/counters.ts';
import { createMemoryRegistry } from '../adapters/memory/registry.ts';
import type { Digest, Fingerprint, ModelName, Version } from '../ids.ts';
import type { CounterStore, RegistryStore } from '../ports.ts';
import type { ModelRecord, Routing } from '../registry/model-record.ts';
import type { WantedRollout } from '../registry/rollout-plan.ts';
import { chooseVersion } from '../registry/routing.ts';
import type { StageCounts } from '../rollout/counts.ts';
import { liveTestOf } from '../rollout/live-test.ts';
import type { RegistryDeps } from './change-model.ts';
import { type JudgeDeps, judgeRollouts } from './judge-rollouts.ts';
import { LiveRecorder } from './live-recorder.ts';
import { readEvents } from './read-history.ts';
import { startRollout } from './start-rollout.ts';
import { allocateVersion, decideVersion } from './version-lifecycle.ts';

const model = 'm' as ModelName;
const [ONE, TWO] = [1 as Version, 2 as Version];
const STEP_MS = 2_000;
const WILD_STEPS = 40;
/** The world is calm long before; a rollout that needs as many would not come to an end. */
const MAX_STEPS = 600;
const REQUESTS = 30;

const signature = {
  inputs: [{ name: 'x', datatype: 'FP32' as const, shape: [-1, 1] }],
  outputs: [{ name: 'y', datatype: 'FP32' as const, shape: [-1, 1] }],
};

/** How a version does: the part of its requests that fails, and what its runs take, ms. */
interface Behaviour {
  readonly errors: number;
  readonly ms: number;
}
const FINE: Behaviour = { errors: 0.01, ms: 4 };

function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** What outlives a process; every record that was ever written is kept. */
async function newWorld() {
  const time = { now: 1_700_000_000_000 };
  const stored = createMemoryRegistry();
  const written: ModelRecord[] = [];
  const registry: RegistryStore = {
    ...stored,
    async replaceModel(record, etag) {
      const answer = await stored.replaceModel(record, etag);
      if (answer) written.push(answer.value);
      return answer;
    },
  };
  const deps: RegistryDeps = {
    registry,
    clock: () => time.now,
    backOff: () => Promise.resolve(),
  };
  for (const [n, fingerprint] of ['f1', 'f2'].entries()) {
    const digest = `${n}`.repeat(64) as Digest;
    const submission = { model, incarnation: 1, digest, bytes: 10, card: {} };
    const { entry } = await allocateVersion(
      deps,
      { ...submission, fingerprint: fingerprint as Fingerprint },
      'somebody',
    );
    const outcome = {
      kind: 'ready' as const,
      signature,
      facts: {
        irVersion: 8,
        producer: '',
        opsets: {},
        operators: {},
        nodes: 1,
        parameters: 1,
        parameterBytes: 4,
        quantized: 'no' as const,
      },
      warnings: [],
      loadMs: 1,
    };
    const decidedAt = new Date(time.now).toISOString();
    await decideVersion(deps, { ...submission, version: entry.version, decidedAt, outcome }, 'v');
  }
  return { time, deps, written, counters: createMemoryCounters() };
}
type World = Awaited<ReturnType<typeof newWorld>>;

/** A judge that stops for good at its `call`th call of a port, before or after it took effect. */
function judgeIn(world: World, crash?: { call: number; after: boolean }) {
  let calls = 0;
  let die: () => void = () => undefined;
  const death = new Promise<void>((resolve) => {
    die = resolve;
  });
  const never = (): Promise<never> => {
    die();
    return new Promise(() => undefined);
  };
  const mortal = <Port extends object>(port: Port): Port =>
    new Proxy(port, {
      get(target, name) {
        const method: unknown = Reflect.get(target, name);
        if (typeof method !== 'function') return method;
        return async (...args: unknown[]): Promise<unknown> => {
          calls++;
          const last = crash !== undefined && calls >= crash.call;
          if (last && (calls > crash.call || !crash.after)) return never();
          const answer: unknown = await Reflect.apply(method, target, args);
          return last ? never() : answer;
        };
      },
    });
  const deps: JudgeDeps = {
    ...world.deps,
    registry: mortal(world.deps.registry),
    counters: mortal(world.counters),
  };
  return { deps, death };
}

/** A process that serves requests by a record that may be old, and counts them. */
class Instance {
  readonly #world: World;
  readonly #recorder: LiveRecorder;
  #record: ModelRecord | undefined;
  /** Writes that have not arrived yet, in their order; undefined: they arrive at once. */
  #late: StageCounts[] | undefined = [];

  constructor(world: World, boot: string) {
    this.#world = world;
    const counters: CounterStore = {
      ...world.counters,
      write: async (counts) => {
        if (this.#late) this.#late.push(counts);
        else await world.counters.write(counts);
      },
    };
    this.#recorder = new LiveRecorder({
      counters,
      clock: () => world.time.now,
      boot,
      flushMs: 1e9,
      warn: () => undefined,
    });
  }

  async look(): Promise<void> {
    this.#record = (await this.#world.deps.registry.readModel(model))?.value;
  }

  serve(behaviours: Readonly<Record<number, Behaviour>>, random: () => number): void {
    const record = this.#record;
    if (!record) return;
    const live = liveTestOf(record);
    for (let n = 0; n < REQUESTS; n++) {
      const chosen = chooseVersion(record.routing, random());
      if (!chosen || !live) continue;
      const outcome = (version: Version) => {
        const { errors, ms } = behaviours[version] ?? FINE;
        return random() < errors ? { ok: false } : { ok: true, inferNs: ms * (1 + random()) * 1e6 };
      };
      if (live.shadowPercent === undefined) {
        this.#recorder.saw(live, chosen.route, outcome(chosen.version));
      } else if (random() * 100 < live.shadowPercent) {
        const observed = { labels: ['a'], numbers: new Map<string, Float64Array>() };
        this.#recorder.compared(live, {
          production: { ...outcome(ONE), ok: true, observed },
          candidate: { ...outcome(TWO), observed },
        });
      }
    }
  }

  async flush(): Promise<void> {
    await this.#recorder.flush();
  }

  /** Some of what was late arrives. */
  async deliver(random: () => number): Promise<void> {
    while (this.#late && this.#late.length > 0 && random() < 0.5) {
      await this.#world.counters.write(this.#late.shift() as StageCounts);
    }
  }

  /** From now on what is written arrives. */
  async calm(): Promise<void> {
    const late = this.#late ?? [];
    this.#late = undefined;
    for (const counts of late) await this.#world.counters.write(counts);
  }
}

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
        const record = await runRollout(world, behaviour, { random: generator(seed), wild });
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
          const died = judge.death.then(() => void stopped++);
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
