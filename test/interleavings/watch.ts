import type { ModelName, RolloutId } from '../../shared/ids.ts';
import type { RegistryStore } from '../../shared/ports/registry.ts';
import type { ModelEvent } from '../../shared/registry/events.ts';
import { findEntry } from '../../shared/registry/lookup.ts';
import type { ModelRecord, VersionState } from '../../shared/registry/model-record.ts';
import { must, same } from './must.ts';
import { replayed } from './replay.ts';
import { RolloutWatch } from './rollout-watch.ts';

/** What a version may become; anything may stay what it is. */
const MAY_BECOME: Readonly<Record<VersionState, readonly VersionState[]>> = {
  pending: ['validating', 'ready', 'rejected', 'retired'],
  validating: ['ready', 'rejected', 'retired'],
  ready: ['retired'],
  rejected: ['retired'],
  retired: [],
};

/** Looks at the store after every write of the record, and throws as soon as it holds what must never be. */
export class Watch {
  readonly #store: RegistryStore;
  readonly #model: ModelName;
  /** Every event that was ever true, in order. */
  readonly events: ModelEvent[] = [];
  readonly #versions = new Set<number>();
  readonly #rollouts: RolloutWatch;
  #before: ModelRecord | undefined;
  /** Up to this one, events stand in documents of their own, which never change. */
  #copied = 0;

  constructor(store: RegistryStore, model: ModelName) {
    this.#store = store;
    this.#model = model;
    this.#rollouts = new RolloutWatch(store);
  }

  begun(): readonly RolloutId[] {
    return this.#rollouts.begun();
  }

  async look(): Promise<void> {
    const record = (await this.#store.readModel(this.#model))?.value;
    if (!record) return;
    this.#routedIsReady(record);
    await this.#versionsAreWhole(record);
    await this.#eventsStandOnce(record);
    this.#countersOnlyGrow(record);
    await this.#rollouts.look(this.#before, record);
    this.#before = record;
  }

  #routedIsReady(record: ModelRecord): void {
    const { production, candidate, shadow } = record.routing;
    const answering = [production, candidate?.version, shadow?.version].filter(
      (version) => version !== undefined,
    );
    must(new Set(answering).size === answering.length, 'a version is routed twice');
    const used = [
      production,
      candidate?.version,
      shadow?.version,
      ...Object.values(record.aliases),
    ].filter((version) => version !== undefined);
    for (const version of used) {
      const state = findEntry(record, version)?.state;
      must(state === 'ready', `version ${version} is routed or named and ${state ?? 'absent'}`);
    }
    const anyReady = record.versions.some(({ state }) => state === 'ready');
    must(!anyReady || production !== undefined, 'a version is ready and none takes production');
  }

  async #versionsAreWhole(record: ModelRecord): Promise<void> {
    const { model, incarnation } = record;
    const live = new Set<string>();
    let last = 0;
    for (const entry of record.versions) {
      const { version, fingerprint, state } = entry;
      must(version > last && version < record.nextVersion, `version ${version} is out of order`);
      last = version;
      if (state !== 'retired') {
        must(!live.has(fingerprint), `two live versions are the same: ${fingerprint}`);
        live.add(fingerprint);
      }
      const before = this.#before?.incarnation === incarnation && findEntry(this.#before, version);
      if (before && before.state === state) continue;
      if (before) {
        must(MAY_BECOME[before.state].includes(state), `${before.state} became ${state}`);
        must(before.fingerprint === fingerprint, `version ${version} is another one now`);
      } else {
        must(!this.#versions.has(version), `version ${version} was given twice`);
        this.#versions.add(version);
        must(state === 'pending', `version ${version} came as ${state}`);
        const submission = await this.#store.readSubmission({ model, incarnation, fingerprint });
        must(submission, `version ${version} has no submission`);
      }
      if (state !== 'ready' && state !== 'rejected') continue;
      const verdict = await this.#store.readVerdict({ model, incarnation, version });
      must(verdict?.outcome.kind === state, `version ${version} is ${state} without its verdict`);
    }
  }

  async #eventsStandOnce(record: ModelRecord): Promise<void> {
    must(record.events.length > 0, 'the record holds no event');
    let next = record.nextEvent - record.events.length;
    for (const event of record.events) {
      must(event.seq === next, `event ${event.seq} stands where ${next} should`);
      next += 1;
      const known = this.events[event.seq - 1];
      if (known) must(same(known, event), `event ${event.seq} has become another`);
      else this.#replay(event);
    }
    must(this.events.length === record.nextEvent - 1, 'an event was never seen');
    const last = this.events.at(-1);
    must(same(last?.routing, record.routing), 'the last event tells of another routing');
    must(same(last?.aliases, record.aliases), 'the last event tells of other aliases');

    const first = record.events[0]?.seq ?? 0;
    for (let seq = this.#copied + 1; seq < first; seq++) {
      const copy = await this.#store.readEvent(this.#model, seq);
      must(copy, `event ${seq} was dropped and not copied out`);
      must(same(copy, this.events[seq - 1]), `event ${seq} was copied out as another`);
      this.#copied = seq;
    }
  }

  /** A new event follows the one before it, and says all that changed with it. */
  #replay(event: ModelEvent): void {
    const before = this.events.at(-1);
    must(event.seq === (before?.seq ?? 0) + 1, `event ${event.seq} left a gap`);
    must(!before || event.at >= before.at, `event ${event.seq} went back in time`);
    const { routing, aliases } = replayed(before, event);
    must(same(event.routing, routing), `event ${event.seq} changed the routing untold`);
    must(same(event.aliases, aliases), `event ${event.seq} changed the aliases untold`);
    this.events.push(event);
  }

  #countersOnlyGrow(record: ModelRecord): void {
    const before = this.#before;
    if (!before) return;
    must(record.incarnation >= before.incarnation, 'the incarnation went back');
    must(record.nextVersion >= before.nextVersion, 'the version counter went back');
    must(record.nextEvent >= before.nextEvent, 'the event counter went back');
    const changed =
      record.incarnation !== before.incarnation ||
      !same(record.routing, before.routing) ||
      !same(told(record), told(before)) ||
      !same(record.aliases, before.aliases);
    must(record.generation >= before.generation, 'the generation went back');
    must(
      changed ? record.generation > before.generation : record.generation === before.generation,
      'the generation tells otherwise than routing, aliases and rollout',
    );
  }
}

/** Of the record's rollout, what nobody may change untold. */
function told({ rollout, deleted }: ModelRecord): unknown {
  // The first version of a new life lets it go.
  if (!rollout || deleted) return undefined;
  const { slowMs, ...rest } = rollout;
  return rest;
}
