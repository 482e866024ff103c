import type { Arm } from './counts.ts';

/** Callers that are remembered of one arm; beyond, the one unheard of for longest is forgotten. */
const MAX_CALLERS = 20_000;

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
 * Remembers what each caller came to last, on one instance, for one stage. A caller stays with one
 * version (`routingPoint`), so one whose every request fails would fail at one version only, and look
 * like that version's fault. What a caller merely repeats is therefore told apart; the test counts
 * changes (the runs declustering of extreme-value statistics, by caller instead of by time).
 */
export class Callers {
  readonly #last: Readonly<Record<Arm, Map<number, CallerOutcome>>> = {
    production: new Map(),
    candidate: new Map(),
  };

  /** `caller`: the point of its routing key; undefined when requests are routed one by one. */
  repeats(arm: Arm, caller: number | undefined, outcome: CallerOutcome): Repeats {
    if (caller === undefined) return { errorAgain: false, slowAgain: false, labelAgain: false };
    const last = this.#last[arm];
    const before = last.get(caller);
    last.delete(caller);
    last.set(caller, {
      error: outcome.error,
      slow: outcome.slow ?? before?.slow,
      label: outcome.label ?? before?.label,
    });
    if (last.size > MAX_CALLERS) {
      for (const oldest of last.keys()) {
        last.delete(oldest);
        break;
      }
    }
    return {
      errorAgain: outcome.error && before?.error === true,
      slowAgain: outcome.slow === true && before?.slow === true,
      labelAgain: outcome.label !== undefined && before?.label === outcome.label,
    };
  }
}
