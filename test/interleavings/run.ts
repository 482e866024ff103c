import { createMemoryRegistry } from '../../shared/adapters/memory/registry.ts';
import type { RolloutId } from '../../shared/ids.ts';
import type { RegistrationMessage } from '../../shared/ports/messages.ts';
import type { RegistryStore } from '../../shared/ports/registry.ts';
import type { ModelEvent } from '../../shared/registry/events.ts';
import { MODEL, type Ports, type Ways } from './deed.ts';
import { act, register, sweep, validate } from './deeds.ts';
import { must } from './must.ts';
import { PROPER } from './rollout-deeds.ts';
import { quiet, randomFrom, Schedule } from './schedule.ts';
import { Watch } from './watch.ts';

const ACTORS = 6;
/** Actors that come after crashed ones. */
const MOST_ACTORS = 14;
const CRASHING = 0.03;

/** What a test does wrong on purpose. */
export interface Fault {
  readonly ways?: Ways;
  /** The registry as one actor sees it; `registry`'s calls take turns. */
  readonly registry?: (registry: RegistryStore) => RegistryStore;
}

export interface Told {
  readonly steps: number;
  readonly crashes: number;
  /** How often each kind of event came to be. */
  readonly events: Readonly<Partial<Record<ModelEvent['type'], number>>>;
}

/**
 * Lets actors change one model at once in the order that the seed decides, looks after every write,
 * and in the end recovers what crashes left. @throws Error with the seed and the last steps
 */
export async function interleave(seed: number, fault: Fault = {}): Promise<Told> {
  const world = new World(seed, fault);
  try {
    return await world.run();
  } catch (error) {
    const steps = world.schedule.history.slice(-25).join('\n  ');
    const told = error instanceof Error ? error.message : String(error);
    throw new Error(`seed ${seed}: ${told}, after\n  ${steps}`, { cause: error });
  }
}

class World {
  readonly schedule: Schedule;
  readonly #random: () => number;
  readonly #fault: Fault;
  readonly #store = createMemoryRegistry();
  readonly #watch = new Watch(this.#store, MODEL);
  readonly #messages: RegistrationMessage[] = [];
  readonly #artifacts = new Set<number>();
  readonly #answered = new Map<string, RolloutId>();
  readonly #failures: unknown[] = [];
  #now = Date.parse('2026-01-01T00:00:00Z');
  #actors = 0;
  #crashes = 0;

  constructor(seed: number, fault: Fault) {
    this.#random = randomFrom(seed);
    this.#fault = fault;
    this.schedule = new Schedule(this.#random, CRASHING);
  }

  async run(): Promise<Told> {
    if (this.#random() < 0.7) await this.#begin();
    for (let n = 0; n < ACTORS; n++) this.#start();
    await quiet();
    await this.#drain();
    await this.#recover();
    const { length: steps } = this.schedule.history;
    const events: Partial<Record<ModelEvent['type'], number>> = {};
    for (const { type } of this.#watch.events) events[type] = (events[type] ?? 0) + 1;
    return { steps, crashes: this.#crashes, events };
  }

  /** Some versions are registered and examined before the others come. */
  async #begin(): Promise<void> {
    this.#start(async (ports) => {
      for (let n = 0; n < 4; n++) await register(ports, this.#random, PROPER);
      for (let n = 0; n < 6; n++) await validate(ports, this.#random, PROPER);
    });
    await quiet();
    await this.#drain();
  }

  #start(work = (ports: Ports) => act(ports, this.#random, this.#fault.ways ?? PROPER)): void {
    const actor = `actor ${++this.#actors}`;
    work(this.#portsOf(actor)).catch((error: unknown) => {
      this.#failures.push(error);
    });
  }

  /** Until every actor has ended or crashed. */
  async #drain(): Promise<void> {
    for (;;) {
      const step = await this.schedule.next();
      if (this.#failures.length > 0) throw this.#failures[0];
      if (!step) return;
      if (/^(create|replace)Model$/.test(step.name)) await this.#look();
      if (!step.crashed) continue;
      this.#crashes += 1;
      if (this.#actors < MOST_ACTORS) {
        this.#start();
        await quiet();
      }
    }
  }

  async #look(): Promise<void> {
    await this.#watch.look();
    const record = (await this.#store.readModel(MODEL))?.value;
    if (!record || record.versions.length === 0) return;
    must(this.#artifacts.has(record.incarnation), 'a version stands whose artifacts were removed');
  }

  /** What the timer and the queue do in the end, crashes included. */
  async #recover(): Promise<void> {
    for (let round = 0; round < 50; round++) {
      const left = await this.#store.listUnfinished({ before: Infinity, limit: 10 });
      if (left.length === 0 && this.#messages.length === 0) return;
      this.#start(async (ports) => {
        await sweep(ports);
        const waiting = this.#messages.length;
        for (let n = 0; n < waiting; n++) await validate(ports, this.#random, PROPER);
      });
      await quiet();
      await this.#drain();
    }
    throw new Error('something stays unfinished');
  }

  #portsOf(actor: string): Ports {
    const random = this.#random;
    const registry = this.schedule.portsOf(actor, this.#store);
    return {
      registry: this.#fault.registry?.(registry) ?? registry,
      // Each instance has a clock of its own.
      clock: () => {
        this.#now += 1;
        return this.#now + Math.floor(random() * 10) - 5;
      },
      begun: () => this.#watch.begun(),
      answered: this.#answered,
      backOff: () => this.schedule.turn(actor, 'waits', () => Promise.resolve()),
      artifacts: this.schedule.portsOf(actor, {
        put: (incarnation: number) => {
          this.#artifacts.add(incarnation);
          return Promise.resolve();
        },
        purge: (_: unknown, incarnation: number) => {
          this.#artifacts.delete(incarnation);
          return Promise.resolve();
        },
      }),
      messages: this.schedule.portsOf(actor, {
        send: (message: RegistrationMessage) => {
          this.#messages.push(message);
          return Promise.resolve();
        },
        receive: () =>
          Promise.resolve(this.#messages[Math.floor(random() * this.#messages.length)]),
        done: (message: RegistrationMessage) => {
          const index = this.#messages.indexOf(message);
          if (index >= 0) this.#messages.splice(index, 1);
          return Promise.resolve();
        },
      }),
    };
  }
}
