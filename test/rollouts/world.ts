import { createMemoryCounters } from '../../shared/adapters/memory/counters.ts';
import { createMemoryRegistry } from '../../shared/adapters/memory/registry.ts';
import type { Digest, Fingerprint, ModelName, Version } from '../../shared/ids.ts';
import type { CounterStore } from '../../shared/ports/counters.ts';
import type { RegistryStore } from '../../shared/ports/registry.ts';
import type { ModelRecord } from '../../shared/registry/model-record.ts';
import { chooseVersion } from '../../shared/registry/routing.ts';
import type { StageCounts } from '../../shared/rollout/counts.ts';
import { liveTestOf } from '../../shared/rollout/live-test.ts';
import type { RegistryDeps } from '../../shared/usecases/change-model.ts';
import type { JudgeDeps } from '../../shared/usecases/judge-rollouts.ts';
import { LiveRecorder } from '../../shared/usecases/live-recorder.ts';
import { allocateVersion, decideVersion } from '../../shared/usecases/version-lifecycle.ts';
import { type Crash, mortality } from '../mortality.ts';

export const model = 'm' as ModelName;
export const [ONE, TWO] = [1 as Version, 2 as Version];
const REQUESTS = 30;

const signature = {
  inputs: [{ name: 'x', datatype: 'FP32' as const, shape: [-1, 1] }],
  outputs: [{ name: 'y', datatype: 'FP32' as const, shape: [-1, 1] }],
};

/** How a version does: the part of its requests that fails, and what its runs take, ms. */
export interface Behaviour {
  readonly errors: number;
  readonly ms: number;
}
export const FINE: Behaviour = { errors: 0.01, ms: 4 };

/** What outlives a process; every record that was ever written is kept. */
export async function newWorld() {
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
export type World = Awaited<ReturnType<typeof newWorld>>;

/** A judge that stops for good at its `call`th call of a port, before or after it took effect. */
export function judgeIn(world: World, crash?: Crash) {
  const { mortal, death } = mortality(crash);
  const deps: JudgeDeps = {
    ...world.deps,
    registry: mortal(world.deps.registry),
    counters: mortal(world.counters),
  };
  return { deps, death };
}

/** A process that serves requests by a record that may be old, and counts them. */
export class Instance {
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
