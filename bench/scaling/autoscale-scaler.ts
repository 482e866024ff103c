import type { Observation, Scaler } from './scaler.ts';

/** Azure Monitor's autoscale, with the rules of infra/autoscale.bicep. */
export interface AutoscaleRules {
  readonly out: Thresholds & {
    readonly saturation: number;
    /** Messages for each instance. */
    readonly chunks: number;
  };
  /** Not by saturation: an app that nobody asks tells of none, and what can't be read takes none away. */
  readonly in: Thresholds;
}

/** Averages of the window. */
export interface Thresholds {
  readonly cpu: number;
  readonly windowMinutes: number;
  readonly coolDownMinutes: number;
}

interface Averages {
  readonly saturation: number;
  readonly cpu: number;
  readonly messages: number;
}

const MINUTE_MS = 60_000;
/** How often an instance looks at its saturation. */
const LOOK_MS = 1_000;

/**
 * One instance more where any rule says so, one less where all do, each after its own cool-down since
 * the last change (Learn, "Understand autoscale settings"; whose cool-down it is, is not said). What
 * would have to be taken back is not done: one less only where the others' share then stays below all
 * that adds (Learn, "Autoscale flapping").
 */
export function autoscale({ out, in: less }: AutoscaleRules): Scaler {
  const minutes: Averages[] = [];
  let looks: Observation[] = [];
  let changedAt = Number.NEGATIVE_INFINITY;
  const rested = (now: number, { coolDownMinutes }: Thresholds): boolean =>
    now - changedAt >= coolDownMinutes * MINUTE_MS;
  const exceeds = (seen: Averages, instances: number, of: number): boolean =>
    (seen.saturation * of) / instances > out.saturation ||
    (seen.cpu * of) / instances > out.cpu ||
    seen.messages / instances > out.chunks;
  const change = ({ now, instances }: Observation): number => {
    const lately = averageOf(minutes, out.windowMinutes);
    if (lately && exceeds(lately, instances, instances)) return rested(now, out) ? 1 : 0;
    const long = averageOf(minutes, less.windowMinutes);
    if (!long || long.cpu >= less.cpu) return 0;
    const isSafe = instances > 1 && !exceeds(long, instances - 1, instances);
    return isSafe && rested(now, less) ? -1 : 0;
  };
  return {
    everyMs: LOOK_MS,
    wanted: (seen) => {
      looks.push(seen);
      if (looks.length * LOOK_MS < MINUTE_MS) return seen.instances;
      const minute = averageOf(looks, looks.length);
      if (minute) minutes.push(minute);
      looks = [];
      const step = change(seen);
      if (step !== 0) changedAt = seen.now;
      return seen.instances + step;
    },
  };
}

/** Of the last `count`; undefined while there are fewer. */
function averageOf(all: readonly Averages[], count: number): Averages | undefined {
  if (all.length < count) return undefined;
  const last = all.slice(-count);
  const mean = (of: (each: Averages) => number): number =>
    last.reduce((sum, each) => sum + of(each), 0) / count;
  return {
    saturation: mean(({ saturation }) => saturation),
    cpu: mean(({ cpu }) => cpu),
    messages: mean(({ messages }) => messages),
  };
}
