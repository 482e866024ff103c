/**
 * The ways of an instance to its first answer: the process until it composes the app, the runtime's
 * library, what was read of the registry, the model's download, the check of what stood on disk,
 * its session and first run. Some go side by side, so they need not add up.
 */
const PHASES = ['boot', 'runtime', 'registry', 'download', 'verify', 'create', 'firstRun'] as const;
export type Phase = (typeof PHASES)[number];

/** What an instance's first prediction took. */
export interface ColdStartReport {
  /** From the process's start to the answer, ms. */
  readonly totalMs: number;
  /** Everything of that kind until the answer, ms; absent: there was none. */
  readonly phases: Readonly<Partial<Record<Phase, number>>>;
  /** Whether the model stood in its prepared form. */
  readonly prepared: boolean;
}

/** Gathers how long an instance took until its first prediction; deaf from then on. */
export class ColdStart {
  readonly #now: () => number;
  readonly #phases: Partial<Record<Phase, number>> = {};
  #prepared = false;
  #report: ColdStartReport | undefined;
  /** Resolves when the first prediction has been answered. */
  readonly firstAnswer: Promise<void>;
  #settle: () => void = () => undefined;

  /** `now` is ms since the process began. */
  constructor(now: () => number) {
    this.#now = now;
    this.firstAnswer = new Promise((resolve) => {
      this.#settle = resolve;
    });
  }

  /** Adds time spent in a phase, ms. */
  took(phase: Phase, ms: number): void {
    if (!this.#report) this.#phases[phase] = (this.#phases[phase] ?? 0) + ms;
  }

  /** Something that happens once a thread was there after so many ms; the first one counts. */
  reached(phase: Phase, ms: number): void {
    if (!this.#report) this.#phases[phase] ??= ms;
  }

  /** Times `work` as part of a phase, also when it fails. */
  async time<T>(phase: Phase, work: () => Promise<T>): Promise<T> {
    const began = this.#now();
    try {
      return await work();
    } finally {
      this.took(phase, this.#now() - began);
    }
  }

  /** A model was loaded from its prepared form. */
  usedPrepared(): void {
    if (!this.#report) this.#prepared = true;
  }

  /** A prediction was answered: the report if it is the first one. */
  answered(): ColdStartReport | undefined {
    if (this.#report) return undefined;
    this.#report = { totalMs: this.#now(), phases: { ...this.#phases }, prepared: this.#prepared };
    this.#settle();
    return this.#report;
  }

  /** The first prediction's report, once there was one. */
  get report(): ColdStartReport | undefined {
    return this.#report;
  }
}

/** One line for the log. */
export function coldStartLine({ totalMs, phases, prepared }: ColdStartReport): string {
  const parts = PHASES.flatMap((phase) => {
    const ms = phases[phase];
    return ms === undefined ? [] : [`${phase} ${ms.toFixed(1)}`];
  });
  const form = prepared ? ', from a prepared model' : '';
  return `cold start: first prediction ${Math.round(totalMs)} ms after the process began${form} (ms: ${parts.join(', ')})`;
}
