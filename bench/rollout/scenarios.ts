import type { Plan } from './ramp.ts';
import type { Random } from './random.ts';
import type { Traffic } from './traffic.ts';

/** A world that rollouts are tried in. */
export interface Scenario {
  readonly name: string;
  /** Of the random numbers: no two scenarios share theirs. */
  readonly stream: number;
  /** Of the runs that are asked for: the longest rollouts are tried less often. */
  readonly part: number;
  readonly plan: Plan;
  /** Drawn for each rollout. */
  traffic(random: Random): Traffic;
}

/** A world in which the candidate should be taken back, and soon. */
export interface HarmfulScenario extends Scenario {
  readonly harm: string;
  /** Percent of the traffic that it takes. */
  readonly share: number;
}

/** What a rollout is when nobody says otherwise, but for 50 instead of 100 requests at a step. */
const RAMP: Plan = {
  steps: [1, 5, 25, 50],
  minRequests: 50,
  minSeconds: 60,
  lookSeconds: [5, 60],
  maxRequests: 60_000,
};

/** 8 to 24 requests a second. */
function plain(random: Random): Traffic {
  return {
    rate: 8 * 3 ** random.uniform(),
    instances: 1,
    errorRate: { production: 0.01, candidate: 0.01 },
    slowdown: 1,
    autocorrelation: 0,
    coldStart: false,
  };
}

const WEATHER = { deviation: 0.3, seconds: 20 };

/** The candidate does exactly as well as production. */
export const HARMLESS: readonly Scenario[] = (
  [
    { name: 'independent requests', plan: RAMP, traffic: plain },
    {
      name: 'latency autocorrelated (0.7 from run to run, and weather that both share)',
      plan: RAMP,
      traffic: (random) => ({ ...plain(random), autocorrelation: 0.7, weather: WEATHER }),
    },
    {
      name: 'bursts: every 2 minutes half of all requests fail for 3 s',
      plan: RAMP,
      traffic: (random) => ({
        ...plain(random),
        bursts: { everySeconds: 120, seconds: 3, rate: 0.5 },
      }),
    },
    {
      name: '1,000 callers with keys, 1 % always fail, 3 % are always four times as slow',
      plan: RAMP,
      traffic: (random) => ({
        ...plain(random),
        callers: { count: 1000, failing: 0.01, heavy: 0.03 },
      }),
    },
    {
      name: 'cold start: the candidate’s first runs take up to 8 times as long',
      plan: RAMP,
      traffic: (random) => ({ ...plain(random), coldStart: true }),
    },
    {
      name: 'five unlike instances, cold, latency autocorrelated 0.5, bursts',
      plan: RAMP,
      traffic: (random) => ({
        ...plain(random),
        instances: 5,
        coldStart: true,
        autocorrelation: 0.5,
        weather: WEATHER,
        bursts: { everySeconds: 120, seconds: 3, rate: 0.5 },
      }),
    },
    {
      name: 'a step that lasts: 50 % for 40 minutes',
      part: 0.2,
      plan: { ...RAMP, steps: [50], minSeconds: 2400, lookSeconds: [20, 60] },
      traffic: (random) => ({ ...plain(random), rate: 4, autocorrelation: 0.5, weather: WEATHER }),
    },
  ] satisfies (Omit<Scenario, 'stream' | 'part'> & { part?: number })[]
).map((scenario, stream) => ({ part: 1, ...scenario, stream }));

/** How long a candidate that does harm stays, by its share; nothing but the test ends it. */
const SHARES = [1, 5, 25, 50];

/** A candidate that is worse, at one share from the start until the test says so. */
export const HARMFUL: readonly HarmfulScenario[] = [
  {
    harm: 'errors 1 % → 3 %',
    traffic: (random: Random): Traffic => ({
      ...plain(random),
      errorRate: { production: 0.01, candidate: 0.03 },
    }),
  },
  {
    harm: 'p95 × 1.5',
    traffic: (random: Random): Traffic => ({ ...plain(random), slowdown: 1.5 }),
  },
].flatMap(({ harm, traffic }, kind) =>
  SHARES.map((share) => ({
    part: 1,
    stream: 1000 * (kind + 1) + share,
    name: `${harm} at ${share} %`,
    harm,
    share,
    // A small share of much traffic: else it takes an hour of blocks.
    traffic: (random: Random) => ({ ...traffic(random), ...(share <= 5 && { rate: 80 }) }),
    plan: {
      ...RAMP,
      steps: [share],
      // Nothing but the test ends it.
      minRequests: 1_000_000,
      lookSeconds: [5, 20] as const,
      maxRequests: 1_000_000,
    },
  })),
);
