import { ServingError } from '../errors.ts';
import type { Version } from '../ids.ts';
import type { RolloutPlan } from '../rollout/rollout.ts';

/** A rollout as it is asked for; what is left out has a default. */
export interface WantedRollout {
  readonly version: Version;
  /** Percentages, strictly ascending; 100 is added where it isn't the last. */
  readonly steps?: readonly number[] | undefined;
  readonly minRequests?: number | undefined;
  readonly minSeconds?: number | undefined;
  readonly shadow?:
    | { readonly percent: number; readonly minRequests?: number | undefined }
    | undefined;
  readonly allowBreaking?: boolean | undefined;
}

const DEFAULT_STEPS: readonly number[] = [1, 5, 25, 50, 100];
const DEFAULT_MIN_REQUESTS = 100;
const DEFAULT_MIN_SECONDS = 60;
const MAX_STEPS = 20;
const MAX_REQUESTS = 1_000_000_000;
const MAX_SECONDS = 30 * 86_400;

/** How a rollout will go. @throws ServingError `malformed` that names the member */
export function planOf(wanted: WantedRollout, from: Version): RolloutPlan {
  const { version, steps = DEFAULT_STEPS, shadow } = wanted;
  const minRequests = requests('minRequests', wanted.minRequests ?? DEFAULT_MIN_REQUESTS);
  const minSeconds = wanted.minSeconds ?? DEFAULT_MIN_SECONDS;
  if (!(minSeconds >= 0 && minSeconds <= MAX_SECONDS)) {
    throw malformed(`minSeconds: expected 0 to ${MAX_SECONDS}, got ${minSeconds}`);
  }
  if (steps.length < 1 || steps.length > MAX_STEPS) {
    throw malformed(`steps: expected 1 to ${MAX_STEPS} percentages, got ${steps.length}`);
  }
  steps.forEach((step, n) => {
    percentage(`steps[${n}]`, step);
    const before = steps[n - 1];
    if (before !== undefined && step <= before) {
      throw malformed(`steps[${n}]: expected more than the step before (${before}), got ${step}`);
    }
  });
  return {
    version,
    from,
    steps: steps.at(-1) === 100 ? steps : [...steps, 100],
    minRequests,
    minSeconds,
    ...(shadow && {
      shadow: {
        percent: percentage('shadow.percent', shadow.percent),
        minRequests: requests('shadow.minRequests', shadow.minRequests ?? minRequests),
      },
    }),
    allowBreaking: wanted.allowBreaking ?? false,
  };
}

function percentage(what: string, percent: number): number {
  if (percent > 0 && percent <= 100) return percent;
  throw malformed(`${what}: expected a percentage above 0 and up to 100, got ${percent}`);
}

function requests(what: string, count: number): number {
  if (Number.isInteger(count) && count >= 0 && count <= MAX_REQUESTS) return count;
  throw malformed(`${what}: expected a whole number from 0 to ${MAX_REQUESTS}, got ${count}`);
}

function malformed(detail: string): ServingError {
  return new ServingError({ kind: 'malformed', detail: `rollout.${detail}` });
}
