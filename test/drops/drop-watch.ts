import type { Drop } from '../../shared/drops/drop.ts';
import { dropPlaceOf } from '../../shared/drops/drop-place.ts';
import type { ModelName } from '../../shared/ids.ts';
import { must } from '../interleavings/must.ts';
import type { DropProcess, DropWorld } from './drop-world.ts';

/** Looks at every write of a receipt, and in the end at everything. */
export class DropWatch {
  readonly #world: DropWorld;
  /** Receipts as they were first written. */
  readonly #receipts = new Map<string, Drop>();

  constructor(world: DropWorld) {
    this.#world = world;
  }

  /** The registry, watched. */
  registryOf({ registry }: DropProcess): DropProcess['registry'] {
    return {
      ...registry,
      createDrop: async (drop) => {
        const created = await registry.createDrop(drop);
        if (created) this.#receipts.set(drop.id, drop);
        return created;
      },
      replaceDrop: async (drop, etag) => {
        const before = (await registry.readDrop(drop.model, drop.id))?.value;
        const replaced = await registry.replaceDrop(drop, etag);
        if (replaced && before) goesForward(before, drop);
        return replaced;
      },
    };
  }

  /**
   * To be called once nothing is left to be done; answers the drops, and how many rollouts they have
   * started. @throws Error that names what must not be
   */
  async examine(models: readonly ModelName[]): Promise<{ drops: Drop[]; rollouts: number }> {
    const unsettled = await this.#world.registry.listUnsettledDrops({ limit: 100 });
    must(unsettled.length === 0, `unsettled: ${JSON.stringify(unsettled)}`);
    const drops = await this.#readReceipts();
    for (const path of this.#world.artifacts.incoming.keys()) {
      if (path.endsWith('.onnx')) await this.#examineReport(path);
    }
    let rollouts = 0;
    for (const model of models) rollouts += await this.#examineHistory(model, drops);
    return { drops, rollouts };
  }

  async #readReceipts(): Promise<Drop[]> {
    const drops: Drop[] = [];
    for (const first of this.#receipts.values()) {
      const drop = (await this.#world.registry.readDrop(first.model, first.id))?.value;
      must(drop !== undefined, 'a receipt is gone');
      const { status, ...kept } = drop;
      const { status: _, ...was } = first;
      must(JSON.stringify(kept) === JSON.stringify(was), `a receipt has changed: ${status.state}`);
      drops.push(drop);
    }
    return drops;
  }

  /** What lies there is dealt with, and says so. */
  async #examineReport(path: string): Promise<void> {
    const blob = await this.#world.dropped.look(path);
    const drop = await this.#world.drop(path, blob?.etag ?? '');
    must(drop?.status.state === 'settled', `${path} lies there and isn't settled`);
    const { outcome, reasons, version } = drop.status;
    const report = this.#world.report(path);
    const expected = { outcome, etag: drop.etag, version: version && String(version) };
    for (const [member, value] of Object.entries(expected)) {
      must(report?.[member] === value, `${path}: the report's ${member} is not ${String(value)}`);
    }
    must(JSON.stringify(report?.reasons) === JSON.stringify(reasons), `${path}: other reasons`);
  }

  /** Answers how many rollouts drops have started. */
  async #examineHistory(model: ModelName, drops: readonly Drop[]): Promise<number> {
    const events = await this.#world.history(model);
    const started = events.filter(({ type, who }) => type === 'rolloutStarted' && who === 'drop');
    const ids = started.map(({ figures }) => String(figures?.rollout));
    must(new Set(ids).size === ids.length, `a rollout started twice: ${ids.join(', ')}`);
    const told = drops.flatMap(({ status }) =>
      'rollout' in status ? [String(status.rollout)] : [],
    );
    for (const id of ids) must(told.includes(id), `no drop tells of rollout ${id}`);

    const registered = events.filter(({ type }) => type === 'registered');
    const submitted = drops.flatMap((drop) =>
      drop.model === model && drop.submitted
        ? [`${drop.incarnation} ${drop.submitted.fingerprint}`]
        : [],
    );
    must(registered.length <= new Set(submitted).size, 'a submission became a version twice');
    for (const drop of drops) {
      if (drop.model !== model || !('version' in drop.status)) continue;
      const version = String(drop.status.version);
      const own = registered.filter(({ figures }) => figures?.version === version);
      must(own.length === 1, `version ${version} was registered ${own.length} times`);
    }
    for (const { figures } of registered) {
      const path = String(figures?.dropped);
      must(dropPlaceOf(path).model === model, `registered from ${path}`);
    }
    const record = await this.#world.record(model);
    const production = record?.routing.production;
    const state = record?.versions.find(({ version }) => version === production)?.state;
    must(production === undefined || state === 'ready', `production is ${state ?? 'nothing'}`);
    return ids.length;
  }
}

const ORDER = ['taken', 'registered', 'decided', 'settled'] as const;

/** What becomes of a drop is decided once; its version never changes. */
function goesForward({ status: before }: Drop, { status: after }: Drop): void {
  const steps = `from ${JSON.stringify(before)} to ${JSON.stringify(after)}`;
  must(ORDER.indexOf(after.state) >= ORDER.indexOf(before.state), `a drop went back ${steps}`);
  if ('version' in before) must('version' in after && after.version === before.version, steps);
  if (!('outcome' in before)) return;
  const { state: _, ...end } = before;
  const { state: __, ...then } = after;
  must(JSON.stringify(end) === JSON.stringify(then), `an end changed ${steps}`);
}
