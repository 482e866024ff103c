/**
 * The ways of an instance to its first answer: composing the app, the runtime's library, what was
 * read of the registry, the model's download, the check of what stood on disk, its session and first
 * run. Some go side by side, so they need not add up.
 */
const PHASES = ['boot', 'runtime', 'registry', 'download', 'verify', 'create', 'firstRun'] as const;
export type Phase = (typeof PHASES)[number];

/** What an instance's first prediction took. */
export interface ColdStartReport {
  /** Composing the app, and from the request to its answer; not what it idled between. Ms. */
  readonly totalMs: number;
  /** Everything of that kind until the answer, ms; absent: there was none. */
  readonly phases: Readonly<Partial<Record<Phase, number>>>;
  /** Whether the model stood in its prepared form. */
  readonly prepared: boolean;
}

/** Gathers how long an instance took until its first prediction; deaf from then on. */
export class ColdStart {
  readonly #now: () => number;
  #composedAt = 0;
  readonly #phases: Partial<Record<Phase, number>> = {};
  #prepared = false;
  #report: ColdStartReport | undefined;
  /** Resolves when the first prediction has been answered. */
  readonly firstAnswer: Promise<void>;
  #settle: () => void = () => undefined;

  /** `now` is ms that never go back. */
  constructor(now: () => number) {
    this.#now = now;
    this.firstAnswer = new Promise((resolve) => {
      this.#settle = resolve;
    });
  }

  /** The app is composed, which it was asked for at `began`. */
  composed(began: number): void {
    this.#composedAt = this.#now();
    this.took('boot', this.#composedAt - began);
  }

  /** A prediction is asked for now; for `answered`. */
  asked(): number {
    return this.#report ? 0 : this.#now();
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

  /** A prediction asked for then was answered: the report if it is the first one. */
  answered(asked: number): ColdStartReport | undefined {
    if (this.#report) return undefined;
    const requestMs = this.#now() - Math.max(asked, this.#composedAt);
    const phases = { ...this.#phases };
    this.#report = {
      totalMs: (phases.boot ?? 0) + requestMs,
      phases,
      prepared: this.#prepared,
    };
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
  return `cold start: first prediction in ${Math.round(totalMs)} ms${form} (ms: ${parts.join(', ')})`;
}
