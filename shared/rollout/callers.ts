import type { Arm } from './counts.ts';

/** So many callers of one arm are remembered, those heard of last; up to as many again besides. */
const MIN_CALLERS = 10_000;

/** What a request came to, as far as a caller's next one may repeat it. */
export interface CallerOutcome {
  readonly error: boolean;
  /** Undefined: its run was not timed. */
  readonly slow: boolean | undefined;
  /** Undefined: the answer says none. */
  readonly label: string | undefined;
}

/** What of a request is what the same caller's request before was. */
export interface Repeats {
  readonly errorAgain: boolean;
  readonly slowAgain: boolean;
  readonly labelAgain: boolean;
}

/**
 * Two generations: a map that forgets its oldest entry one by one must look for it behind all that it
 * has forgotten already, which takes longer than all else that is counted of a request.
 */
interface Memory {
  recent: Map<number, CallerOutcome>;
  earlier: Map<number, CallerOutcome>;
}

const NOTHING: Repeats = { errorAgain: false, slowAgain: false, labelAgain: false };

/**
 * Remembers what each caller came to last, on one instance, for one stage. A caller stays with one
 * version (`routingPoint`), so one whose every request fails would fail at one version only, and look
 * like that version's fault. What a caller merely repeats is therefore told apart; the test counts
 * changes (the runs declustering of extreme-value statistics, by caller instead of by time).
 */
export class Callers {
  readonly #memory: Readonly<Record<Arm, Memory>> = {
    production: { recent: new Map(), earlier: new Map() },
    candidate: { recent: new Map(), earlier: new Map() },
  };

  /** `caller`: the point of its routing key; undefined when requests are routed one by one. */
  repeats(arm: Arm, caller: number | undefined, outcome: CallerOutcome): Repeats {
    if (caller === undefined) return NOTHING;
    const memory = this.#memory[arm];
    const before = memory.recent.get(caller) ?? memory.earlier.get(caller);
    memory.recent.set(caller, {
      error: outcome.error,
      slow: outcome.slow ?? before?.slow,
      label: outcome.label ?? before?.label,
    });
    if (memory.recent.size >= MIN_CALLERS) {
      memory.earlier = memory.recent;
      memory.recent = new Map();
    }
    return {
      errorAgain: outcome.error && before?.error === true,
      slowAgain: outcome.slow === true && before?.slow === true,
      labelAgain: outcome.label !== undefined && before?.label === outcome.label,
    };
  }
}
