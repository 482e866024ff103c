const WATCH_MS = 1_000;

/** Looks for a run that outlasts its limit: it can't be stopped, so the instance has to end. */
export class StuckWatch {
  readonly #timer: NodeJS.Timeout;
  #ailment: string | undefined;

  constructor({ maxRunMs, longestBusyMs }: { maxRunMs: number; longestBusyMs: () => number }) {
    this.#timer = setInterval(() => {
      const busyMs = longestBusyMs();
      if (busyMs <= maxRunMs) return;
      this.#ailment ??= `a model has been running for ${Math.round(busyMs / 1000)} s and can't be stopped`;
    }, WATCH_MS);
    this.#timer.unref();
  }

  /** Once there was one, for good. */
  get ailment(): string | undefined {
    return this.#ailment;
  }

  end(): void {
    clearInterval(this.#timer);
  }
}
