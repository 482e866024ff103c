import { messageOf } from '../errors.ts';
import { RecentMap } from '../inference/recent-map.ts';
import type { Clock } from '../ports/clock.ts';
import type { CounterStore } from '../ports/counters.ts';
import type { Observed } from '../ports/engine.ts';
import { compareObserved } from '../rollout/compare-observed.ts';
import type { Arm, StageCounts } from '../rollout/counts.ts';
import type { LiveTest } from '../rollout/live-test.ts';
import { type CountedRequest, type Runs, StageCounter } from '../rollout/stage-counter.ts';

/** Live tests that one instance counts at a time; further ones go on without it. */
const MAX_LIVE = 100;
/** What nothing was counted of for so long is let go. */
const IDLE_MS = 900_000;
/** Versions whose runs are remembered. */
const MAX_VERSIONS = 10_000;

/** A request that reached a version: what an overload refused, or the signature, didn't. */
export interface Seen {
  /** Whether it was answered. */
  readonly ok: boolean;
  /** Of its run alone, nanoseconds; absent: it has none. */
  readonly inferNs?: number;
  /** Of its answer; absent: nobody looked. */
  readonly observed?: Observed;
  /** The point of its routing key, by which requests of one caller are known; absent: it has none. */
  readonly caller?: number;
}

interface Live {
  readonly test: LiveTest;
  readonly boot: string;
  readonly counter: StageCounter;
  /** Counted since it was written last. */
  changed: boolean;
  usedAt: number;
  /** Another stage of its model has begun: once it is written it goes, and stragglers don't count. */
  superseded: boolean;
  gone: boolean;
}

export interface LiveRecorderDeps {
  readonly counters: CounterStore;
  readonly clock: Clock;
  /** Names this process. */
  readonly boot: string;
  /** From the first count that isn't written to its writing, ms. */
  readonly flushMs: number;
  readonly warn: (message: string) => void;
}

/**
 * Counts in memory what two versions do beside each other, and writes it every few seconds, whole:
 * what one writing misses the next one brings. Counting is cheap, waits for nothing and never throws.
 */
export class LiveRecorder {
  readonly #deps: LiveRecorderDeps;
  /** A record's live test is one object: no name is put together for a request. */
  readonly #byTest = new WeakMap<LiveTest, Live>();
  readonly #lives = new Map<string, Live>();
  readonly #runs = new RecentMap<string, Runs>(MAX_VERSIONS);
  #begun = 0;
  #timer: NodeJS.Timeout | undefined;
  #sweep: NodeJS.Timeout | undefined;
  #flushing: Promise<void> | undefined;
  #failing = false;
  #closed = false;

  constructor(deps: LiveRecorderDeps) {
    this.#deps = deps;
  }

  /** A request was routed to a version, and has come to its end. */
  saw(test: LiveTest, arm: Arm, seen: Seen): void {
    const now = this.#deps.clock();
    const live = this.#liveOf(test, now);
    live?.counter.saw(arm, countedOf(seen), { slowMs: test.slowMs, now });
  }

  /** Both versions have had the same request. */
  compared(test: LiveTest, pair: Readonly<Record<Arm, Seen>>): void {
    const now = this.#deps.clock();
    const live = this.#liveOf(test, now);
    if (!live) return;
    const { production, candidate } = pair;
    const at = { slowMs: test.slowMs, now };
    live.counter.saw('production', countedOf(production), at);
    live.counter.saw('candidate', countedOf(candidate), at);
    if (production.observed && candidate.observed) {
      live.counter.compared(compareObserved(production.observed, candidate.observed));
    }
  }

  /** A copy of a request was not made, or not run. */
  dropped(test: LiveTest): void {
    this.#liveOf(test, this.#deps.clock())?.counter.dropped();
  }

  /** Writes what has changed; what can't be written now is written with the next. Never throws. */
  flush(): Promise<void> {
    this.#flushing ??= this.#write().finally(() => {
      this.#flushing = undefined;
      this.#arm();
    });
    return this.#flushing;
  }

  /** Writes what is left, once, for at most `withinMs`; later counts are lost. Never throws. */
  async close(withinMs: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const over = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, withinMs);
    });
    const last = async () => {
      await this.#flushing;
      this.#closed = true;
      await this.flush();
    };
    await Promise.race([last(), over]);
    this.#closed = true;
    clearTimeout(timer);
    clearTimeout(this.#timer);
    clearTimeout(this.#sweep);
  }

  #liveOf(test: LiveTest, now: number): Live | undefined {
    let live = this.#byTest.get(test);
    if (live?.gone && live.superseded) return undefined;
    if (!live || live.gone) live = this.#find(test, now);
    if (!live) return undefined;
    live.changed = true;
    live.usedAt = now;
    if (!this.#timer) this.#arm();
    return live;
  }

  #find(test: LiveTest, now: number): Live | undefined {
    const name = `${test.key} ${test.stage}`;
    const live = this.#lives.get(name) ?? this.#begin(name, test, now);
    if (live) this.#byTest.set(test, live);
    return live;
  }

  #begin(name: string, test: LiveTest, now: number): Live | undefined {
    for (const live of this.#lives.values()) {
      if (live.test.model === test.model && !areBeside(live.test, test)) live.superseded = true;
    }
    this.#dropIdle(now);
    if (this.#lives.size >= MAX_LIVE) return undefined;
    const { model, production, candidate } = test;
    const live: Live = {
      test,
      // It counts from zero, also when it takes up again what was dropped: it must not stand in the
      // place of what was counted then.
      boot: `${this.#deps.boot}-${++this.#begun}`,
      counter: new StageCounter({
        production: this.#runsOf(`${model}/${production}`),
        candidate: this.#runsOf(`${model}/${candidate}`),
      }),
      changed: false,
      usedAt: now,
      superseded: false,
      gone: false,
    };
    this.#lives.set(name, live);
    this.#sweepLater();
    return live;
  }

  #dropIdle(now: number): void {
    for (const [name, live] of this.#lives) {
      const idle = live.superseded || now - live.usedAt >= IDLE_MS;
      if (idle && !live.changed) this.#drop(name, live);
    }
  }

  /** A rollout that is over holds memory until then. */
  #sweepLater(): void {
    if (this.#sweep || this.#closed || this.#lives.size === 0) return;
    this.#sweep = setTimeout(() => {
      this.#sweep = undefined;
      this.#dropIdle(this.#deps.clock());
      this.#sweepLater();
    }, IDLE_MS);
    this.#sweep.unref();
  }

  #drop(name: string, live: Live): void {
    live.gone = true;
    this.#lives.delete(name);
  }

  #runsOf(version: string): Runs {
    const known = this.#runs.get(version);
    if (known) return known;
    const runs = { count: 0 };
    this.#runs.set(version, runs);
    return runs;
  }

  /** Something is to be written. */
  #arm(): void {
    if (this.#timer || this.#flushing || this.#closed) return;
    if (![...this.#lives.values()].some(({ changed }) => changed)) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      void this.flush();
    }, this.#deps.flushMs);
    this.#timer.unref();
  }

  async #write(): Promise<void> {
    const { counters, clock, warn } = this.#deps;
    for (const [name, live] of [...this.#lives]) {
      if (live.changed) {
        live.changed = false;
        try {
          await counters.write(countsOf(live, clock()));
          this.#failing = false;
        } catch (error) {
          live.changed = true;
          if (!this.#failing)
            warn(`counters can't be written, to be tried again: ${messageOf(error)}`);
          this.#failing = true;
        }
      }
      if (live.superseded && !live.changed) this.#drop(name, live);
    }
  }
}

function areBeside(a: LiveTest, b: LiveTest): boolean {
  return a.beside?.key === b.key || b.beside?.key === a.key;
}

function countedOf({ ok, inferNs, observed, caller }: Seen): CountedRequest {
  return {
    ok,
    ms: inferNs === undefined ? undefined : inferNs / 1e6,
    label: observed?.labels[0],
    caller,
  };
}

function countsOf({ test, boot, counter }: Live, now: number): StageCounts {
  return { key: test.key, stage: test.stage, boot, updatedAt: now, ...counter.counts() };
}
