import { ServingError } from '../errors.ts';
import type { AliasName, ModelName, Version } from '../ids.ts';
import { batchRows } from '../inference/batching.ts';
import { isInlineable } from '../inference/inlining.ts';
import { RecentMap } from '../inference/recent-map.ts';
import type { Clock } from '../ports/clock.ts';
import type { ServableModel } from '../ports/engine.ts';
import type { ModelFiles } from '../ports/model-files.ts';
import type { RegistryStore } from '../ports/registry.ts';
import { unknownModel } from '../registry/lookup.ts';
import type { ModelRecord } from '../registry/model-record.ts';
import { type Choice, resolveVersion } from '../registry/routing.ts';
import { type LiveTest, liveTestOf } from '../rollout/live-test.ts';
import type { ColdStart } from '../telemetry/cold-start.ts';
import { type KnownModel, servableFrom } from './known-version.ts';

const MAX_MODELS = 10_000;
/** A record that doesn't know what was asked for is read again, unless it is as fresh as this. */
const FRESH_MS = 100;

export interface ServableModelsDeps {
  readonly registry: RegistryStore;
  readonly modelFiles: ModelFiles;
  readonly clock: Clock;
  readonly coldStart: ColdStart;
}

interface Look {
  readonly at: number;
  readonly record: Promise<ModelRecord | undefined>;
  /** What `record` came to. */
  found?: ModelRecord | undefined;
  /** What its routing lets run side by side. */
  live?: LiveTest | undefined;
}

/** Which version answers, and that version ready for the engine. */
export interface Resolved {
  readonly choice: Choice;
  readonly servable: ServableModel;
  /** Where the model's routing chose, and another version is live too. */
  readonly live: LiveTest | undefined;
}

/** What this instance knows of models: records for a few seconds, what never changes for longer. */
export class ServableModels {
  readonly #deps: ServableModelsDeps;
  readonly #ttlMs: number;
  readonly #records = new RecentMap<ModelName, Look>(MAX_MODELS);
  readonly #servable = new RecentMap<string, KnownModel>(MAX_MODELS);

  constructor(deps: ServableModelsDeps, ttlMs: number) {
    this.#deps = deps;
    this.#ttlMs = ttlMs;
  }

  /** A model's record, no older than the time to live. @throws ServingError `notFound` */
  async record(model: ModelName, maxAgeMs = this.#ttlMs): Promise<ModelRecord> {
    const record = await this.#look(model, maxAgeMs);
    if (!record || record.deleted) {
      if (maxAgeMs > FRESH_MS) return this.record(model, FRESH_MS);
      throw unknownModel(model);
    }
    return record;
  }

  /** As `resolve` does, at once, where nothing has to be read; undefined where `resolve` must tell. */
  resolveKnown(
    model: ModelName,
    wanted: Version | AliasName | undefined,
    point: number,
  ): Resolved | undefined {
    const look = this.#records.get(model);
    if (!look?.found || look.found.deleted || !this.#isFresh(look, this.#ttlMs)) return undefined;
    try {
      const choice = resolveVersion(look.found, wanted, point);
      const servable = this.#servable.get(keyOf(look.found, choice.version));
      const live = wanted === undefined ? look.live : undefined;
      return servable && { choice, servable, live };
    } catch {
      return undefined;
    }
  }

  /**
   * Which version answers a request, and that version ready for the engine.
   * @throws ServingError `notFound`, `notReady`, `rejected`
   */
  async resolve(
    model: ModelName,
    wanted: Version | AliasName | undefined,
    point: number,
  ): Promise<Resolved> {
    const record = await this.record(model);
    try {
      return await this.#resolveBy(record, wanted, point);
    } catch (error) {
      if (!(error instanceof ServingError)) throw error;
      // Another instance may have changed it since.
      return await this.#resolveBy(await this.record(model, FRESH_MS), wanted, point);
    }
  }

  /** A ready version, as the engine takes it. */
  async servable(record: ModelRecord, version: Version): Promise<ServableModel> {
    const { model, incarnation } = record;
    const key = keyOf(record, version);
    const known = this.#servable.get(key);
    if (known) return known;
    const verdict = await this.#deps.coldStart.time('registry', () =>
      this.#deps.registry.readVerdict({ model, incarnation, version }),
    );
    if (verdict?.outcome.kind !== 'ready') {
      throw new Error(
        `version ${version} of model ${model} is ready without a verdict that says so`,
      );
    }
    const { digest, bytes, outcome, card } = verdict;
    const { signature, facts, batching } = outcome;
    const servable = servableFrom(
      {
        model,
        incarnation,
        version,
        digest,
        bytes,
        signature,
        batchRows: batchRows({ batching, quantized: facts.quantized }, card),
        inlineable: isInlineable(outcome),
        preload: card.preload === true,
        ...(card.budgets?.p95Ms !== undefined && { p95Ms: card.budgets.p95Ms }),
      },
      this.#deps.modelFiles,
    );
    this.#servable.set(key, servable);
    return servable;
  }

  /** Those that were asked for, the one asked for last at the end. */
  asked(): Iterable<KnownModel> {
    return this.#servable.values();
  }

  /** Whether there is a model of that name, as far as this instance has heard. */
  knows(model: ModelName): boolean {
    const found = this.#records.get(model)?.found;
    return found !== undefined && !found.deleted;
  }

  /** The record changed: the next look reads it. */
  forget(model: ModelName): void {
    this.#records.delete(model);
  }

  async #resolveBy(
    record: ModelRecord,
    wanted: Version | AliasName | undefined,
    point: number,
  ): Promise<Resolved> {
    const choice = resolveVersion(record, wanted, point);
    const servable = await this.servable(record, choice.version);
    return { choice, servable, live: wanted === undefined ? this.#liveIn(record) : undefined };
  }

  /** Of one record always the same object, while it is the newest. */
  #liveIn(record: ModelRecord): LiveTest | undefined {
    const look = this.#records.get(record.model);
    return look?.found === record ? look.live : liveTestOf(record);
  }

  #look(model: ModelName, maxAgeMs: number): Promise<ModelRecord | undefined> {
    const last = this.#records.get(model);
    if (last && this.#isFresh(last, maxAgeMs)) return last.record;
    const at = this.#deps.clock();
    const record = this.#deps.coldStart
      .time('registry', () => this.#deps.registry.readModel(model))
      .then((stored) => stored?.value);
    const look: Look = { at, record };
    this.#records.set(model, look);
    record.then(
      (found) => {
        look.found = found;
        look.live = found && liveTestOf(found);
      },
      () => {
        if (this.#records.get(model) === look) this.#records.delete(model);
      },
    );
    return record;
  }

  #isFresh({ at }: Look, maxAgeMs: number): boolean {
    const now = this.#deps.clock();
    return now >= at && now - at <= maxAgeMs;
  }
}

function keyOf({ model, incarnation }: ModelRecord, version: Version): string {
  return `${model}/${incarnation}/${version}`;
}
