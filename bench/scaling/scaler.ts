/** What a scaler may go by. */
export interface Observation {
  readonly now: number;
  /** Instances that run or start. */
  readonly instances: number;
  /** Requests that instances have, and those that are held until one has room. */
  readonly requests: number;
  /** Requests that arrived since the last look. */
  readonly arrived: number;
  /** Messages in the queue; those in work are only hidden, and count. */
  readonly messages: number;
  /** `pilotlight.saturation`: rows that run or wait, of as many as can run at once. */
  readonly saturation: number;
  /** Threads that run something, of all. */
  readonly cpu: number;
}

/** Says at each look how many instances there should be; whoever asks keeps to the bounds. */
export interface Scaler {
  readonly everyMs: number;
  readonly wanted: (seen: Observation) => number;
}

/**
 * Scales in only to the most that was wanted within `windowMs`; to none, when nothing arrived in it:
 * a request may be over before anybody looks.
 */
export function stabilized(scaler: Scaler, windowMs: number): Scaler {
  // Only what no later look exceeds can be the most: it falls from the first to the last.
  const falling: { readonly at: number; readonly wanted: number }[] = [];
  return {
    everyMs: scaler.everyMs,
    wanted: (seen) => {
      const hasWork = seen.arrived + seen.requests + seen.messages > 0;
      const wanted = Math.max(scaler.wanted(seen), hasWork && seen.instances > 0 ? 1 : 0);
      while ((falling.at(-1)?.wanted ?? Number.POSITIVE_INFINITY) <= wanted) falling.pop();
      falling.push({ at: seen.now, wanted });
      while ((falling[0]?.at ?? seen.now) < seen.now - windowMs) falling.shift();
      if (wanted >= seen.instances) return wanted;
      return Math.min(seen.instances, falling[0]?.wanted ?? wanted);
    },
  };
}
