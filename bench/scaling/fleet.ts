import type { Random } from '../rollout/random.ts';
import type { Events } from './events.ts';
import { Fifo } from './fifo.ts';
import { type Ends, Instance, type Request } from './instance.ts';
import { FleetRecord } from './record.ts';
import type { Observation, Scaler } from './scaler.ts';
import type { ArrivalKind } from './traces.ts';
import type { Workload } from './workloads.ts';

/** Instances that scale together: on Flex Consumption those of one kind of trigger, else all. */
export interface FleetSettings {
  readonly cores: number;
  /** From the decision to the first request that it takes. */
  readonly startMs: number;
  /** Instances that are there from the start, and stay. */
  readonly minimum: number;
  readonly maximum: number;
  /** Requests that an instance is given at once; others are held. Absent: no bound. */
  readonly perInstanceRequests?: number;
  readonly queue: {
    readonly batchSize: number;
    readonly newBatchThreshold: number;
    readonly maxPollingMs: number;
  };
  /** A request goes to the instance with the fewest, or with the most that leave room for it. */
  readonly routing: 'fewest' | 'most';
  readonly scaler: () => Scaler;
}

/** Azure's load balancer ends a request that has no answer by then. */
export const HELD_AT_MOST_MS = 230_000;

export class Fleet {
  readonly record = new FleetRecord();
  readonly #events: Events;
  readonly #settings: FleetSettings;
  readonly #workload: Workload;
  readonly #random: Random;
  readonly #scaler: Scaler;
  readonly #held = new Fifo<Request>();
  readonly #polls = new Set<Instance>();
  readonly #ends: Ends;
  #instances: Instance[] = [];
  #messages = 0;
  #arrived = 0;
  #anyDrains = false;

  constructor(
    events: Events,
    settings: FleetSettings,
    { workload, random }: { readonly workload: Workload; readonly random: Random },
  ) {
    this.#events = events;
    this.#settings = settings;
    this.#workload = workload;
    this.#random = random;
    this.#scaler = settings.scaler();
    this.#ends = {
      started: (request) => {
        this.record.started(request, events.now);
      },
      answered: () => {
        this.record.answered();
        this.#admitHeld();
      },
      timedOut: () => {
        this.record.timedOut();
        this.#admitHeld();
      },
      scored: () => {
        this.record.scored(events.now);
        this.#pollAll();
        this.#removeDrained();
      },
    };
    for (let i = 0; i < settings.minimum; i++) this.#ready(this.#add());
    this.#lookLater();
  }

  /** Whether something waits or runs. */
  get hasWork(): boolean {
    return this.#held.length > 0 || this.#messages > 0 || this.#instances.some((it) => !it.isIdle);
  }

  arrive(kind: ArrivalKind): void {
    this.record.arrived(kind, this.#events.now);
    if (kind === 'http') {
      const request = { arrivedAt: this.#events.now, cold: false, acceptedAt: Number.NaN };
      this.#arrived += 1;
      if (this.#held.length > 0 || !this.#admit(request)) this.#held.push(request);
      // A request that finds nothing is what starts the first instance, and doesn't wait for a look.
      if (this.#instances.length === 0) this.#start();
    } else {
      this.#messages += 1;
      this.#noticeLater();
    }
  }

  /** False: no instance has room. */
  #admit(request: Request): boolean {
    const instance = this.#choose();
    if (!instance) return false;
    request.cold = (instance.readyAt ?? 0) > request.arrivedAt;
    if (!instance.accept(request)) this.record.refused();
    return true;
  }

  #choose(): Instance | undefined {
    const { perInstanceRequests = Number.POSITIVE_INFINITY, routing } = this.#settings;
    const sign = routing === 'fewest' ? 1 : -1;
    let best: Instance | undefined;
    for (const instance of this.#instances) {
      if (instance.readyAt === undefined || instance.draining) continue;
      if (instance.requests >= perInstanceRequests) continue;
      if (!best || sign * instance.requests < sign * best.requests) best = instance;
    }
    return best;
  }

  #admitHeld(): void {
    for (;;) {
      const request = this.#held.peek();
      if (!request) break;
      if (this.#events.now - request.arrivedAt > HELD_AT_MOST_MS) this.record.timedOut();
      else if (!this.#admit(request)) break;
      this.#held.shift();
    }
    this.#removeDrained();
  }

  /** The host looks at an empty queue ever less often, up to the polling interval. */
  #noticeLater(): void {
    for (const instance of this.#instances) {
      if (instance.readyAt === undefined || this.#polls.has(instance)) continue;
      if (instance.chunks > this.#settings.queue.newBatchThreshold) continue;
      this.#polls.add(instance);
      this.#events.after(this.#random.uniform() * this.#settings.queue.maxPollingMs, () => {
        this.#polls.delete(instance);
        this.#poll(instance);
      });
    }
  }

  #pollAll(): void {
    for (const instance of this.#instances) {
      if (instance.readyAt !== undefined && !this.#polls.has(instance)) this.#poll(instance);
    }
  }

  #poll(instance: Instance): void {
    const { batchSize, newBatchThreshold } = this.#settings.queue;
    if (instance.draining || instance.chunks > newBatchThreshold) return;
    const count = Math.min(batchSize, this.#messages);
    this.#messages -= count;
    for (let i = 0; i < count; i++) instance.score();
  }

  #lookLater(): void {
    this.#events.after(this.#scaler.everyMs, () => {
      this.#scale(this.#scaler.wanted(this.#observe()));
      this.#arrived = 0;
      this.#lookLater();
    });
  }

  #observe(): Observation {
    const all = this.#instances.filter(({ draining }) => !draining);
    const ready = all.filter(({ readyAt }) => readyAt !== undefined);
    const sum = (of: (instance: Instance) => number, among = this.#instances): number =>
      among.reduce((total, instance) => total + of(instance), 0);
    return {
      now: this.#events.now,
      instances: all.length,
      requests: this.#held.length + sum(({ requests }) => requests),
      arrived: this.#arrived,
      messages: this.#messages + sum(({ chunks }) => chunks),
      saturation: sum(({ saturation }) => saturation, ready) / Math.max(1, ready.length),
      cpu: sum(({ cpu }) => cpu, ready) / Math.max(1, ready.length),
    };
  }

  #scale(wanted: number): void {
    const { minimum, maximum } = this.#settings;
    const target = Math.min(maximum, Math.max(minimum, wanted));
    let surplus = this.#instances.filter(({ draining }) => !draining).length - target;
    for (; surplus < 0; surplus++) this.#start();
    if (surplus > 0) this.#remove(surplus);
  }

  #start(): void {
    const instance = this.#add();
    this.#events.after(this.#settings.startMs, () => {
      this.#ready(instance);
    });
  }

  #add(): Instance {
    const { cores } = this.#settings;
    const instance = new Instance(this.#events, { cores, workload: this.#workload }, this.#ends);
    this.#instances.push(instance);
    this.record.resized(this.#events.now, this.#instances.length);
    return instance;
  }

  #ready(instance: Instance): void {
    instance.readyAt = this.#events.now;
    this.#admitHeld();
    this.#poll(instance);
  }

  /** The last to come are the first to go, so that those of `minimum` stay. */
  #remove(count: number): void {
    const mayGo = this.#instances.filter(
      ({ draining }, index) => index >= this.#settings.minimum && !draining,
    );
    for (const instance of mayGo.slice(-count)) instance.draining = true;
    this.#anyDrains ||= mayGo.length > 0;
    this.#removeDrained();
  }

  #removeDrained(): void {
    if (!this.#anyDrains) return;
    const gone = this.#instances.filter(
      (instance) => instance.draining && instance.isIdle && instance.readyAt !== undefined,
    );
    if (gone.length === 0) return;
    this.#instances = this.#instances.filter((instance) => !gone.includes(instance));
    this.#anyDrains = this.#instances.some(({ draining }) => draining);
    for (const instance of gone) this.record.left(instance, this.#events.now, false);
    this.record.resized(this.#events.now, this.#instances.length);
  }

  /** Closes the books: what is here was here until now. */
  end(): void {
    for (const [index, instance] of this.#instances.entries()) {
      this.record.left(instance, this.#events.now, index < this.#settings.minimum);
    }
    this.record.close(this.#held.length, this.#messages);
  }
}
