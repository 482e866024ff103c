import type { Drop } from '../../shared/drops/drop.ts';
import { dropPlaceOf } from '../../shared/drops/drop-place.ts';
import { SeenDrops } from '../../shared/drops/seen-drops.ts';
import { ServingError } from '../../shared/errors.ts';
import type { ModelName } from '../../shared/ids.ts';
import { bury } from '../../shared/registry/deletion.ts';
import { isActive } from '../../shared/rollout/rollout.ts';
import { changeModel } from '../../shared/usecases/change-model.ts';
import { commandRollout } from '../../shared/usecases/command-rollout.ts';
import { quiet, Schedule } from '../interleavings/schedule.ts';
import {
  type DropProcess,
  DropWorld,
  healthy,
  hear,
  sweep,
  validate,
  validateAll,
} from './drop-world.ts';

const MODELS = ['a', 'b'] as readonly string[] as readonly ModelName[];
const FILES = ['model.onnx', 'next/model.onnx', 'x.onnx'];
const UNFIT = ['bad', 'wide', '', 'x'.repeat(1_001)];
const CONTENTS = ['good 1', 'good 2', 'good 3', 'good 4', 'good 5', 'good 6', 'few', ...UNFIT];
const POLICIES = ['manual', 'canary', 'canary', 'shadow', 'immediate', 'immediate'];
const CARDS = [...POLICIES.map((name) => `{"policy": "${name}"}`), '{'];
const STEPS = 18;
const CRASHING = 0.06;
const DAY_MS = 86_400_000;

/** A broken world, to see that it is noticed. */
export interface DropFault {
  readonly process?: (process: DropProcess) => DropProcess;
}

export interface DropsTold {
  readonly crashes: number;
  readonly drops: readonly Drop[];
  readonly rollouts: number;
}

/**
 * Lets people drop, replace and delete models while hosts tell of them twice, late or never, and
 * stop between any two writes, in an order that the random numbers decide; then lets the world be
 * calm. @throws Error that names what must not be
 */
export async function dropAtRandom(
  random: () => number,
  fault: DropFault = {},
): Promise<DropsTold> {
  const run = new DropRun(random, fault);
  await run.begin();
  await run.disorder();
  await run.calm();
  return await run.examine();
}

class DropRun {
  readonly #world = new DropWorld();
  readonly #random: () => number;
  readonly #fault: DropFault;
  readonly #schedule: Schedule;
  readonly #events: { path: string; etag: string }[] = [];
  /** Receipts as they were first written. */
  readonly #receipts = new Map<string, Drop>();
  readonly #failures: unknown[] = [];
  #actors = 0;
  #crashes = 0;

  constructor(random: () => number, fault: DropFault) {
    this.#random = random;
    this.#fault = fault;
    this.#schedule = new Schedule(random, CRASHING);
  }

  /** A production, most often: the models that follow have something to replace. */
  async begin(): Promise<void> {
    for (const model of MODELS) {
      if (this.#random() < 0.2) continue;
      const path = `${model}/first.onnx`;
      this.#world.put(path, 'good');
      await hear(this.#healthy(), path);
      await validateAll(this.#world);
      for (const folder of ['', 'next/']) {
        this.#world.put(`${model}/${folder}card.json`, this.#one(CARDS));
      }
    }
  }

  async disorder(): Promise<void> {
    for (let step = 0; step < STEPS; step++) {
      const actors = 1 + Math.floor(this.#random() * 3);
      for (let n = 0; n < actors; n++) this.#begin(this.#deed());
      await quiet();
      // Not to the end: what is under way meets what comes next.
      const turns = Math.floor(this.#random() * 60);
      for (let turn = 0; turn < turns; turn++) if (!(await this.#turn())) break;
    }
    while (await this.#turn());
  }

  /** Time goes by, the timers tick, rollouts come to their ends, every event is told once more. */
  async calm(): Promise<void> {
    const world = this.#world;
    for (const event of this.#events) await hear(this.#healthy(), event.path, event.etag);
    for (let round = 0; round < 6; round++) {
      world.now += DAY_MS / 3;
      const { failures } = await sweep(this.#healthy());
      if (failures.length > 0) throw failures[0];
      await validateAll(world);
      for (const model of MODELS) await this.#end(this.#healthy(), model);
    }
    // Everything that is pending is sent again by a sweep of its own.
    for (const model of MODELS) {
      const record = await world.record(model);
      for (const { version, state } of record?.versions ?? []) {
        if (!record || (state !== 'pending' && state !== 'validating')) continue;
        await validate(this.#healthy(), { model, incarnation: record.incarnation, version });
      }
    }
    for (let round = 0; round < 6; round++) {
      world.now += DAY_MS / 3;
      await sweep(this.#healthy());
      for (const model of MODELS) await this.#end(this.#healthy(), model);
    }
  }

  async examine(): Promise<DropsTold> {
    const world = this.#world;
    const unsettled = await world.registry.listUnsettledDrops({ limit: 100 });
    must(unsettled.length === 0, `unsettled: ${JSON.stringify(unsettled)}`);

    const drops: Drop[] = [];
    for (const first of this.#receipts.values()) {
      const drop = (await world.registry.readDrop(first.model, first.id))?.value;
      must(drop !== undefined, 'a receipt is gone');
      const { status, ...kept } = drop;
      const { status: _, ...was } = first;
      must(JSON.stringify(kept) === JSON.stringify(was), 'a receipt has changed');
      drops.push(drop);
    }
    for (const [path, bytes] of world.artifacts.incoming) {
      if (!path.endsWith('.onnx')) continue;
      const blob = await world.dropped.look(path);
      const drop = await world.drop(path, blob?.etag ?? '');
      must(
        drop?.status.state === 'settled',
        `${path} lies there (${bytes.length}) and isn't settled`,
      );
      const { outcome, reasons, version } = drop.status;
      const report = world.report(path);
      const expected = { outcome, etag: drop.etag, version: version && String(version) };
      for (const [member, value] of Object.entries(expected)) {
        must(report?.[member] === value, `${path}: the report's ${member} is not ${String(value)}`);
      }
      must(JSON.stringify(report?.reasons) === JSON.stringify(reasons), `${path}: other reasons`);
    }
    let rollouts = 0;
    for (const model of MODELS) rollouts += await this.#examineHistory(model, drops);
    return { crashes: this.#crashes, drops, rollouts };
  }

  /** Answers how many rollouts drops have started. */
  async #examineHistory(model: ModelName, drops: readonly Drop[]): Promise<number> {
    const events = await this.#world.history(model);
    const started = events.filter(({ type, who }) => type === 'rolloutStarted' && who === 'drop');
    const ids = started.map(({ figures }) => String(figures?.rollout));
    must(new Set(ids).size === ids.length, `a rollout started twice: ${ids.join(', ')}`);
    const told = drops.flatMap(({ status }) =>
      'rollout' in status && status.rollout !== undefined ? [status.rollout] : [],
    );
    for (const id of ids) must(told.includes(id as never), `no drop tells of rollout ${id}`);

    const registered = events.filter(({ type }) => type === 'registered');
    const submitted = drops.flatMap(({ model: of, incarnation, submitted: what }) =>
      of === model && what ? [`${incarnation} ${what.fingerprint}`] : [],
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
    const { production } = record?.routing ?? {};
    const state = record?.versions.find(({ version }) => version === production)?.state;
    must(production === undefined || state === 'ready', `production is ${state ?? 'nothing'}`);
    return ids.length;
  }

  /** What somebody does next. */
  #deed(): (process: DropProcess) => Promise<unknown> {
    const world = this.#world;
    const model = this.#one(MODELS);
    const kind = this.#random();
    if (kind < 0.24) {
      const path = `${model}/${this.#one(FILES)}`;
      return () => {
        this.#events.push({ path, etag: world.put(path, this.#one(CONTENTS)) });
        return Promise.resolve();
      };
    }
    if (kind < 0.32) {
      return () => Promise.resolve(world.put(`${model}/card.json`, this.#one(CARDS)));
    }
    if (kind < 0.36) {
      return () => Promise.resolve(world.put(`${model}/evaluation.csv`, `x\n${this.#random()}\n`));
    }
    const event = this.#one(this.#events);
    if (kind < 0.62 && event) return (process) => hear(process, event.path, event.etag);
    if (kind < 0.64 && event) return (process) => hear(process, event.path);
    if (kind < 0.8) {
      const message = this.#one(world.messages.registrations);
      if (message) return (process) => validate(process, message);
    }
    if (kind < 0.9) {
      return (process) => {
        world.now += Math.floor(this.#random() * 120_000);
        return sweep(process);
      };
    }
    if (kind < 0.985) return (process) => this.#end(process, model);
    return (process) =>
      changeModel(process, model, (record, now) => ({
        record: record && !record.deleted ? bury(record, true, { now, who: 'somebody' }) : record,
      }));
  }

  /** Somebody ends the rollout that is active, for better or worse. */
  async #end(process: DropProcess, model: ModelName): Promise<void> {
    const record = (await process.registry.readModel(model))?.value;
    if (!record || record.deleted || !isActive(record.rollout)) return;
    const command = this.#random() < 0.5 ? 'promote' : 'abort';
    const { id } = record.rollout;
    try {
      await commandRollout(process, { model, id, command, allows: () => true, who: 'somebody' });
    } catch (error) {
      // Somebody else was first.
      const { kind } = error instanceof ServingError ? error.failure : {};
      if (kind !== 'conflict' && kind !== 'notFound') throw error;
    }
  }

  #begin(deed: (process: DropProcess) => Promise<unknown>): void {
    const actor = `actor ${++this.#actors}`;
    const { dropped, registry, artifacts, messages, ...rest } = this.#healthy();
    const ports = this.#schedule.portsOf(actor, dropped);
    const process: DropProcess = {
      ...rest,
      seenDrops: new SeenDrops(),
      registry: this.#schedule.portsOf(actor, registry),
      artifacts: this.#schedule.portsOf(actor, artifacts),
      messages: this.#schedule.portsOf(actor, messages),
      dropped: {
        look: (path) => ports.look(path),
        read: (blob, maxBytes) => ports.read(blob, maxBytes),
        leave: (path, json) => ports.leave(path, json),
        list: () => dropped.list(),
      },
      backOff: () => this.#schedule.turn(actor, 'waits', () => Promise.resolve()),
    };
    deed(process).catch((error: unknown) => {
      if (error instanceof ServingError && error.failure.kind === 'unavailable') return;
      this.#failures.push(error);
    });
  }

  /** A process that nothing happens to. */
  #healthy(): DropProcess {
    const process = healthy(this.#world);
    const registry = {
      ...process.registry,
      createDrop: async (drop: Drop) => {
        const created = await process.registry.createDrop(drop);
        if (created) this.#receipts.set(drop.id, drop);
        return created;
      },
      replaceDrop: async (drop: Drop, etag: string) => {
        const before = (await process.registry.readDrop(drop.model, drop.id))?.value;
        const replaced = await process.registry.replaceDrop(drop, etag);
        if (replaced && before) goesForward(before, drop);
        return replaced;
      },
    };
    const whole = { ...process, registry };
    return this.#fault.process?.(whole) ?? whole;
  }

  /** False when nothing is under way. */
  async #turn(): Promise<boolean> {
    const step = await this.#schedule.next();
    if (this.#failures.length > 0) throw this.#failures[0];
    if (step?.crashed) this.#crashes += 1;
    return step !== undefined;
  }

  #one<T>(all: readonly T[]): T {
    return all[Math.floor(this.#random() * all.length)] as T;
  }
}

function must(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Error(what);
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
