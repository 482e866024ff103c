import { Random } from '../rollout/random.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const SEED = 1;

export type ArrivalKind = 'http' | 'chunk';

export interface Arrival {
  /** Milliseconds from the trace's start. */
  readonly at: number;
  readonly kind: ArrivalKind;
}

export interface Trace {
  readonly name: string;
  readonly about: string;
  readonly durationMs: number;
  /** By time. */
  readonly arrivals: readonly Arrival[];
}

export const TRACE_NAMES = ['steady', 'bursty', 'rising', 'nightly', 'idle'] as const;
export type TraceName = (typeof TRACE_NAMES)[number];

/** One of the traces that the report is made of; `seed` draws another of its kind. */
export function traceNamed(name: TraceName, seed = SEED): Trace {
  const random = new Random(seed, TRACE_NAMES.indexOf(name));
  return { name, ...MAKERS[name](random) };
}

const MAKERS: Record<TraceName, (random: Random) => Omit<Trace, 'name'>> = {
  steady: (random) => ({
    about: '60 requests a second for an hour, reached within the first minute',
    durationMs: HOUR,
    arrivals: requests(random, { to: HOUR, most: 60, rate: (at) => Math.min(60, at / SECOND) }),
  }),
  bursty: (random) => ({
    about: '20 requests a second; every 10 minutes, within 3 s, 400 for a minute',
    durationMs: HOUR,
    arrivals: requests(random, { to: HOUR, most: 400, rate: burst }),
  }),
  rising: (random) => ({
    about: 'from 10 requests a second to 500 within 20 minutes, and back',
    durationMs: 40 * MINUTE,
    arrivals: requests(random, { to: 40 * MINUTE, most: 500, rate: hill }),
  }),
  nightly: (random) => ({
    about: 'a file of 300 chunks at 02:00; a request in 5 s from 08:00 to 20:00',
    durationMs: 24 * HOUR,
    arrivals: [
      // Between two looks, whoever looks.
      ...Array.from({ length: 300 }, () => ({ at: 2 * HOUR + 7_000, kind: 'chunk' as const })),
      ...requests(random, { from: 8 * HOUR, to: 20 * HOUR, most: 0.2, rate: () => 0.2 }),
    ],
  }),
  idle: (random) => ({
    about: 'a request in 20 minutes, day and night',
    durationMs: 24 * HOUR,
    arrivals: requests(random, { to: 24 * HOUR, most: 1 / 1200, rate: () => 1 / 1200 }),
  }),
};

/** A second, at a time of the bursty trace: the spike begins in the middle of each ten minutes. */
function burst(at: number): number {
  const since = (at % (10 * MINUTE)) - 5 * MINUTE;
  if (since < 0 || since >= MINUTE) return 20;
  return 20 + 380 * Math.min(1, since / (3 * SECOND));
}

function hill(at: number): number {
  return 10 + 490 * (1 - Math.abs(at - 20 * MINUTE) / (20 * MINUTE));
}

interface Stream {
  readonly from?: number;
  readonly to: number;
  /** The highest rate there is, a second. */
  readonly most: number;
  readonly rate: (at: number) => number;
}

/** Requests of independent callers, whose rate may change: thinning (Lewis and Shedler, 1979). */
function requests(random: Random, { from = 0, to, most, rate }: Stream): Arrival[] {
  const arrivals: Arrival[] = [];
  let at = from;
  for (;;) {
    at += random.exponential(SECOND / most);
    if (at >= to) return arrivals;
    if (random.uniform() * most < rate(at)) arrivals.push({ at, kind: 'http' });
  }
}
