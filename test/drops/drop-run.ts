import type { Drop } from '../../shared/drops/drop.ts';
import { SeenDrops } from '../../shared/drops/seen-drops.ts';
import { ServingError } from '../../shared/errors.ts';
import { quiet, Schedule } from '../interleavings/schedule.ts';
import {
  CARDS,
  type Deed,
  type DropEvent,
  endRollout,
  MODELS,
  nextDeed,
  oneOf,
} from './drop-deeds.ts';
import { DropWatch } from './drop-watch.ts';
import {
  type DropProcess,
  DropWorld,
  healthy,
  hear,
  sweep,
  validate,
  validateAll,
} from './drop-world.ts';

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
  readonly #watch = new DropWatch(this.#world);
  readonly #events: DropEvent[] = [];
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
        this.#world.put(`${model}/${folder}card.json`, oneOf(CARDS, this.#random) ?? '');
      }
    }
  }

  async disorder(): Promise<void> {
    for (let step = 0; step < STEPS; step++) {
      const actors = 1 + Math.floor(this.#random() * 3);
      for (let n = 0; n < actors; n++)
        this.#begin(nextDeed(this.#world, this.#events, this.#random));
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
      for (const model of MODELS) await endRollout(this.#healthy(), model, this.#random);
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
      for (const model of MODELS) await endRollout(this.#healthy(), model, this.#random);
    }
  }

  async examine(): Promise<DropsTold> {
    return { crashes: this.#crashes, ...(await this.#watch.examine(MODELS)) };
  }

  #begin(deed: Deed): void {
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
    const registry = this.#watch.registryOf(process);
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
}
