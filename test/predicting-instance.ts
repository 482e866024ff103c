import type { AliasName, Digest, ModelName, RolloutId, Version } from '../shared/ids.ts';
import type { InferAnswer, InferJob, ServableModel } from '../shared/ports/engine.ts';
import type { ModelFiles } from '../shared/ports/model-files.ts';
import type { RegistryStore } from '../shared/ports/registry.ts';
import type { ModelRecord, Routing, Verdict } from '../shared/registry/model-record.ts';
import type { Arm } from '../shared/rollout/counts.ts';
import type { LiveTest } from '../shared/rollout/live-test.ts';
import type { Rollout, Stage } from '../shared/rollout/rollout.ts';
import { ColdStart } from '../shared/telemetry/cold-start.ts';
import { StatisticsOfModels } from '../shared/telemetry/model-statistics.ts';
import { UNTOLD } from '../shared/telemetry/operation.ts';
import type { Seen } from '../shared/usecases/live-recorder.ts';
import { LiveTraffic } from '../shared/usecases/live-traffic.ts';
import { type PredictDeps, type PredictRequest, predict } from '../shared/usecases/predict.ts';
import { ServableModels } from '../shared/usecases/servable-models.ts';
import { ShadowTraffic } from '../shared/usecases/shadow-traffic.ts';

const MODEL = 'm' as ModelName;
export const v = (version: number): Version => version as Version;
export const TTL_MS = 2_000;
export const TIMEOUT_MS = 30_000;

const UNTOLD_TELEMETRY: PredictDeps['telemetry'] = {
  on: false,
  answered: () => undefined,
  count: () => undefined,
};

interface Call {
  readonly version: Version;
  readonly job: InferJob;
  /** The body as it came. */
  readonly bytes: readonly number[];
}

/** An instance that predicts, with an engine that answers as it is told and a recorder that keeps all. */
export class PredictingInstance {
  now = 1_000_000;
  /** What the registry says. */
  routing: Routing = { production: v(1) };
  rollout: Rollout | undefined;
  generation = 1;
  retired: Version | undefined;
  /** Whether the registry has never heard of any model. */
  unknown = false;
  /** What the engine does with a request. */
  runs: (version: Version, job: InferJob) => Promise<InferAnswer> = (version) =>
    Promise.resolve(answer(version));
  loads: () => Promise<void> = () => Promise.resolve();
  waiting = 0;
  ailments: string[] = [];
  /** The next numbers from [0, 1). */
  random: () => number = () => 0;

  readonly calls: Call[] = [];
  readonly loaded: Version[] = [];
  readonly saw: { test: LiveTest; arm: Arm; seen: Seen }[] = [];
  readonly compared: { test: LiveTest; pair: Readonly<Record<Arm, Seen>> }[] = [];
  dropped = 0;

  readonly #models: ServableModels;
  readonly #live: LiveTraffic;
  readonly #statistics = new StatisticsOfModels();
  readonly #telemetry: PredictDeps['telemetry'];

  constructor({ telemetry = UNTOLD_TELEMETRY }: { telemetry?: PredictDeps['telemetry'] } = {}) {
    this.#telemetry = telemetry;
    this.#models = new ServableModels(
      {
        registry: this.#registry(),
        modelFiles: {} as ModelFiles,
        clock: () => this.now,
        coldStart: new ColdStart(() => 0),
      },
      TTL_MS,
    );
    const recorder = {
      saw: (test: LiveTest, arm: Arm, seen: Seen) => {
        this.saw.push({ test, arm, seen });
      },
      compared: (test: LiveTest, pair: Readonly<Record<Arm, Seen>>) => {
        this.compared.push({ test, pair });
      },
      dropped: () => {
        this.dropped++;
      },
    };
    const shadows = new ShadowTraffic({
      clock: () => this.now,
      engine: this.#engine,
      models: this.#models,
      recorder,
      config: { requestTimeoutMs: TIMEOUT_MS },
      random: () => this.random(),
    });
    this.#live = new LiveTraffic({ engine: this.#engine, models: this.#models, recorder, shadows });
  }

  /** What the registry says changes, and this instance hears of it in time. */
  change(changes: Partial<Pick<PredictingInstance, 'routing' | 'rollout'>>): void {
    Object.assign(this, changes);
    this.generation++;
  }

  /** A rollout from version 1 to 2 at that stage. */
  static rollout(stage: Pick<Stage, 'number' | 'kind' | 'percent'>): Rollout {
    return {
      id: 'r1' as RolloutId,
      plan: {
        version: v(2),
        from: v(1),
        steps: [1, 100],
        minRequests: 0,
        minSeconds: 0,
        allowBreaking: false,
      },
      startedBy: 'somebody',
      createdAt: '2026-01-01T00:00:00.000Z',
      stage: { ...stage, startedAt: '2026-01-01T00:00:00.000Z' },
      evidence: {},
      status: { state: 'running' },
    };
  }

  predict(request: Partial<PredictRequest> = {}) {
    return predict(
      {
        clock: () => this.now,
        engine: this.#engine as never,
        models: this.#models,
        statistics: this.#statistics,
        telemetry: this.#telemetry,
        live: this.#live,
        config: { requestTimeoutMs: TIMEOUT_MS },
      },
      {
        model: MODEL,
        wanted: undefined,
        routingKey: undefined,
        body: Uint8Array.of(1, 2, 3),
        headerLength: undefined,
        contentEncoding: undefined,
        acceptEncoding: undefined,
        operation: UNTOLD,
        ...request,
      },
    );
  }

  readonly #engine = {
    infer: (model: ServableModel, job: InferJob): Promise<InferAnswer> => {
      this.calls.push({ version: model.version, job, bytes: [...job.body] });
      // A thread gets the buffer itself: here nothing is left.
      structuredClone(job.body, { transfer: [job.body.buffer as ArrayBuffer] });
      return this.runs(model.version, job);
    },
    load: (model: ServableModel) => {
      this.loaded.push(model.version);
      return this.loads();
    },
    waiting: () => this.waiting,
    ailments: () => this.ailments,
  };

  #registry(): RegistryStore {
    const record = (): ModelRecord => ({
      model: MODEL,
      incarnation: 1,
      purges: [],
      generation: this.generation,
      nextVersion: 4,
      nextEvent: 1,
      routing: this.routing,
      aliases: { newest: v(2) } as Record<AliasName, Version>,
      ...(this.rollout && { rollout: this.rollout }),
      versions: [1, 2, 3].map((version) => ({
        version: v(version),
        fingerprint: `f${version}` as never,
        createdAt: '2026-01-01T00:00:00.000Z',
        ...(version === this.retired
          ? { state: 'retired', retiredAt: '2026-01-01T00:00:00.000Z' }
          : { state: 'ready' }),
      })),
      events: [],
    });
    return {
      readModel: () => Promise.resolve(this.unknown ? undefined : { value: record(), etag: 'e' }),
      readVerdict: ({ version }: { version: Version }) => Promise.resolve(verdict(version)),
    } as unknown as RegistryStore;
  }
}

function verdict(version: Version): Verdict {
  return {
    model: MODEL,
    incarnation: 1,
    version,
    decidedAt: '2026-01-01T00:00:00.000Z',
    digest: 'd'.repeat(64) as Digest,
    bytes: 10,
    card: {},
    outcome: {
      kind: 'ready',
      signature: { inputs: [], outputs: [] },
      facts: { quantized: 'none', operators: {} } as never,
      warnings: [],
      loadMs: 1,
    },
  };
}

/** An answer whose run took as many ms as the version's number. */
export function answer(version: Version): InferAnswer {
  return {
    body: Uint8Array.of(version),
    headerLength: undefined,
    contentEncoding: undefined,
    timings: { decode: 1, queue: 1, infer: version * 1e6, encode: 1 },
    rows: 1,
    runRows: 1,
    observed: { labels: [`label ${version}`], numbers: new Map() },
  };
}

/** Lets everything happen that waits for nothing outside. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
}
