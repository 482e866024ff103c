import type { Arm } from '../../shared/rollout/counts.ts';
import type { Random } from './random.ts';

/** What the requests to a model are like, and how its two versions do. */
export interface Traffic {
  /** Per second, over all instances. */
  readonly rate: number;
  readonly instances: number;
  /** Part of the requests that fail. */
  readonly errorRate: Readonly<Record<Arm, number>>;
  /** The candidate's runs take so many times as long. */
  readonly slowdown: number;
  /** Correlation of the log latency with that of the run before, of the same version and instance. */
  readonly autocorrelation: number;
  /** Standard deviation of what all runs share in log latency, and how many seconds it lasts. */
  readonly weather?: { readonly deviation: number; readonly seconds: number };
  /** For `seconds`, every `everySeconds` on average, a part `rate` of all requests fails. */
  readonly bursts?: {
    readonly everySeconds: number;
    readonly seconds: number;
    readonly rate: number;
  };
  /** Each with a routing key; else requests are routed one by one. */
  readonly callers?: {
    readonly count: number;
    /** Part of them whose every request fails. */
    readonly failing: number;
    /** Part of them whose every run takes four times as long. */
    readonly heavy: number;
  };
  /** An instance's first runs of the candidate take eight times as long, fading. */
  readonly coldStart: boolean;
}

/** One request, and what it would come to. */
export interface Request {
  /** Seconds since the start. */
  at: number;
  instance: number;
  /** Where its routing key falls, from [0, 1). */
  point: number;
  /** The caller, as the recorder knows it; undefined without a routing key. */
  caller: number | undefined;
}

/** Deviation of the log latency of one run: p99 is about three times the median. */
const DEVIATION = 0.5;
const HEAVY = Math.log(4);
const COLD = 7;
const COLD_HALF_LIFE = 4;

/** Requests one after another, and what versions make of them. Time moves on with `next`. */
export class Stream {
  readonly #random: Random;
  readonly #traffic: Traffic;
  readonly #request: Request = { at: 0, instance: 0, point: 0, caller: undefined };
  readonly #callers: readonly Caller[];
  readonly #instances: readonly Instance[];
  #weather = 0;
  #burstStart = Infinity;
  #burstEnd = Infinity;

  constructor(traffic: Traffic, random: Random) {
    this.#traffic = traffic;
    this.#random = random;
    this.#callers = makeCallers(traffic.callers, random);
    this.#instances = Array.from({ length: traffic.instances }, () => ({
      // Machines differ; so do the shares of the traffic they get.
      offset: traffic.instances > 1 ? 0.3 * random.normal() : 0,
      production: { last: random.normal(), runs: 1000 },
      candidate: { last: random.normal(), runs: traffic.coldStart ? 0 : 1000 },
    }));
    if (traffic.weather) this.#weather = traffic.weather.deviation * random.normal();
    this.#planBurst(0);
  }

  /** The next request; the same object each time. */
  next(): Request {
    const random = this.#random;
    const request = this.#request;
    const gap = random.exponential(1 / this.#traffic.rate);
    request.at += gap;
    // Low numbers come more often.
    const uniform = random.uniform();
    request.instance = Math.floor(uniform * uniform ** 0.5 * this.#instances.length);
    const { length } = this.#callers;
    if (length > 0) {
      // A few callers send most: the density falls off like 1/sqrt.
      const index = Math.floor(random.uniform() ** 2 * length);
      request.caller = index;
      request.point = this.#callers[index]?.point ?? 0;
    } else {
      request.point = random.uniform();
    }
    const { weather } = this.#traffic;
    if (weather) {
      const kept = Math.exp(-gap / weather.seconds);
      this.#weather =
        kept * this.#weather + Math.sqrt(1 - kept * kept) * weather.deviation * random.normal();
    }
    if (request.at > this.#burstEnd) this.#planBurst(request.at);
    return request;
  }

  fails(arm: Arm): boolean {
    const { bursts, errorRate } = this.#traffic;
    const { at, caller } = this.#request;
    if (caller !== undefined && this.#callers[caller]?.fails === true) return true;
    const isBurst = bursts && at >= this.#burstStart;
    return this.#random.uniform() < (isBurst ? bursts.rate : errorRate[arm]);
  }

  /** The answer's, alike for both versions: of two, the second for 30 % of the requests or callers. */
  label(): string {
    const { caller, point } = this.#request;
    const isSecond =
      caller === undefined
        ? this.#random.uniform() < 0.3
        : (point * 1e6) % 1 < 0.3 || this.#random.uniform() < 0.05;
    return isSecond ? 'no' : 'yes';
  }

  /** Of the request's run, in ms. */
  latency(arm: Arm): number {
    const { autocorrelation, slowdown } = this.#traffic;
    const instance = this.#instances[this.#request.instance];
    if (!instance) throw new Error('no such instance');
    const version = instance[arm];
    version.last =
      autocorrelation * version.last +
      Math.sqrt(1 - autocorrelation * autocorrelation) * this.#random.normal();
    version.runs += 1;
    const cold =
      version.runs < 200 ? Math.log1p(COLD * 0.5 ** ((version.runs - 1) / COLD_HALF_LIFE)) : 0;
    const { caller } = this.#request;
    const isHeavy = caller !== undefined && this.#callers[caller]?.isHeavy === true;
    const log =
      DEVIATION * version.last + instance.offset + this.#weather + (isHeavy ? HEAVY : 0) + cold;
    return 10 * Math.exp(log) * (arm === 'candidate' ? slowdown : 1);
  }

  #planBurst(now: number): void {
    const { bursts } = this.#traffic;
    if (!bursts) return;
    this.#burstStart = now + this.#random.exponential(bursts.everySeconds);
    this.#burstEnd = this.#burstStart + bursts.seconds;
  }
}

interface Caller {
  readonly point: number;
  readonly fails: boolean;
  readonly isHeavy: boolean;
}

interface Instance {
  readonly offset: number;
  readonly production: { last: number; runs: number };
  readonly candidate: { last: number; runs: number };
}

function makeCallers(callers: Traffic['callers'], random: Random): Caller[] {
  if (!callers) return [];
  return Array.from({ length: callers.count }, () => ({
    point: random.uniform(),
    fails: random.uniform() < callers.failing,
    isHeavy: random.uniform() < callers.heavy,
  }));
}
