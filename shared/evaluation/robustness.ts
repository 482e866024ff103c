/** In the order in which they are tried: what a model survives first, what it may not last. */
export const PROBES = [
  'evaluation rows',
  'small noise',
  'missing input',
  'wrong shape',
  'empty batch',
  'far outside',
  'nan',
  'infinity',
  'long strings',
  'extremes',
] as const;
export type ProbeName = (typeof PROBES)[number];

/** One way to break a model, tried. */
export interface Probe {
  readonly probe: ProbeName;
  /** `refused`: an error that says so. `crashed`: the process that tried it died, or had to be ended. */
  readonly outcome: 'answered' | 'refused' | 'crashed' | 'notTried';
  readonly why?: string;
}

/** What a model does with inputs that nobody meant for it. */
export interface Robustness {
  readonly probes: readonly Probe[];
  /** On rows of the evaluation file. Absent without one. */
  readonly rows?: {
    /** Whose numbers were moved a little: at most 1,000. */
    readonly rows: number;
    /** Of these, rows whose label changes when every number is moved a little (`noise` standard deviations of its column). */
    readonly flipped: number;
    readonly noise: number;
    /** Rows that were asked as they are. */
    readonly asked: number;
    /** Rows, all of whose numbers are finite, that were answered with NaN, as they are or moved. */
    readonly nan: number;
    /** Lines of the evaluation file of the first of each. */
    readonly flippedLines: readonly number[];
    readonly nanLines: readonly number[];
  };
}
