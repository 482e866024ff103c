import type { Instance, Request } from './instance.ts';
import type { ArrivalKind } from './traces.ts';

/** What became of arrivals; each is in one of the last four. */
export interface Fates {
  arrived: number;
  served: number;
  /** 429: the instance's queue was full. */
  refused: number;
  timedOut: number;
  /** At the end of the simulation. */
  unfinished: number;
}

/** An instance's life, in ms of the simulation. */
export interface Life {
  readonly from: number;
  readonly to: number;
  readonly isKept: boolean;
  /** When it had work. */
  readonly periods: readonly { readonly from: number; readonly to: number }[];
}

/** What a fleet did. */
export class FleetRecord {
  readonly requests: Fates = noFates();
  readonly chunks: Fates = noFates();
  /** When served requests came, and what they waited for a thread, in ms. */
  readonly waits: { readonly at: number; readonly ms: number }[] = [];
  /** Requests that waited for an instance to start. */
  cold = 0;
  readonly lives: Life[] = [];
  /** How many instances there were from when on, those that start with them. */
  readonly sizes: { readonly at: number; readonly count: number }[] = [];
  firstChunkAt: number | undefined;
  lastChunkAt: number | undefined;

  arrived(kind: ArrivalKind, now: number): void {
    if (kind === 'http') {
      this.requests.arrived += 1;
    } else {
      this.chunks.arrived += 1;
      this.firstChunkAt ??= now;
    }
  }

  started(request: Request, now: number): void {
    this.waits.push({ at: request.arrivedAt, ms: now - request.arrivedAt });
    if (request.cold) this.cold += 1;
  }

  answered(): void {
    this.requests.served += 1;
  }

  refused(): void {
    this.requests.refused += 1;
  }

  timedOut(): void {
    this.requests.timedOut += 1;
  }

  scored(now: number): void {
    this.chunks.served += 1;
    this.lastChunkAt = now;
  }

  resized(now: number, count: number): void {
    const last = this.sizes.at(-1);
    if (last?.at === now) this.sizes.pop();
    this.sizes.push({ at: now, count });
  }

  left(instance: Instance, now: number, isKept: boolean): void {
    const periods = instance.periods.map(({ from, to }) => ({ from, to: Math.min(to, now) }));
    this.lives.push({ from: instance.createdAt, to: now, isKept, periods });
    this.requests.unfinished += instance.requests;
    this.chunks.unfinished += instance.chunks;
  }

  close(held: number, messages: number): void {
    this.requests.unfinished += held;
    this.chunks.unfinished += messages;
  }
}

function noFates(): Fates {
  return { arrived: 0, served: 0, refused: 0, timedOut: 0, unfinished: 0 };
}
