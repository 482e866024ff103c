import { ServingError } from '../errors.ts';
import type { AliasName, ModelName, Version } from '../ids.ts';
import { batchRows } from '../inference/batching.ts';
import { isInlineable } from '../inference/inlining.ts';
import { RecentMap } from '../inference/recent-map.ts';
import type { Clock, ModelFiles, RegistryStore, ServableModel } from '../ports.ts';
import { unknownModel } from '../registry/lookup.ts';
import type { ModelRecord } from '../registry/model-record.ts';
import { type Choice, resolveVersion } from '../registry/routing.ts';
import type { ColdStart } from '../telemetry/cold-start.ts';

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
}

/** What this instance knows of models: records for a few seconds, what never changes for longer. */
export class ServableModels {
  readonly #deps: ServableModelsDeps;
  readonly #ttlMs: number;
  readonly #records = new RecentMap<ModelName, Look>(MAX_MODELS);
  readonly #servable = new RecentMap<string, ServableModel>(MAX_MODELS);

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

  /**
   * Which version answers a request, and that version ready for the engine.
   * @throws ServingError `notFound`, `notReady`, `rejected`
   */
  async resolve(
    model: ModelName,
    wanted: Version | AliasName | undefined,
    point: number,
  ): Promise<{ choice: Choice; servable: ServableModel }> {
    const record = await this.record(model);
    try {
      const choice = resolveVersion(record, wanted, point);
      return { choice, servable: await this.servable(record, choice.version) };
    } catch (error) {
      if (!(error instanceof ServingError)) throw error;
      // Another instance may have changed it since.
      const fresh = await this.record(model, FRESH_MS);
      const choice = resolveVersion(fresh, wanted, point);
      return { choice, servable: await this.servable(fresh, choice.version) };
    }
  }

  /** A ready version, as the engine takes it. */
  async servable(record: ModelRecord, version: Version): Promise<ServableModel> {
    const { model, incarnation } = record;
    const key = `${model}/${incarnation}/${version}`;
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
    const { modelFiles } = this.#deps;
    const servable: ServableModel = {
      key,
      model,
      version,
      digest,
      bytes,
      signature,
      batchRows: batchRows({ batching, quantized: facts.quantized }, card),
      inlineable: isInlineable(signature, facts),
      preload: card.preload === true,
      open: () => modelFiles.open({ model, incarnation, digest, name: 'model.onnx' }, bytes),
    };
    this.#servable.set(key, servable);
    return servable;
  }

  /** The record changed: the next look reads it. */
  forget(model: ModelName): void {
    this.#records.delete(model);
  }

  #look(model: ModelName, maxAgeMs: number): Promise<ModelRecord | undefined> {
    const now = this.#deps.clock();
    const last = this.#records.get(model);
    if (last && now >= last.at && now - last.at <= maxAgeMs) return last.record;
    const record = this.#deps.coldStart
      .time('registry', () => this.#deps.registry.readModel(model))
      .then((stored) => stored?.value);
    const look = { at: now, record };
    this.#records.set(model, look);
    record.catch(() => {
      if (this.#records.get(model) === look) this.#records.delete(model);
    });
    return record;
  }
}
