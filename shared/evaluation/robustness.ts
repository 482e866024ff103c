/** One way to break a model, tried. */
export interface Probe {
  /** `extremes`, `nan`, `infinity`, `empty batch`, `long strings`, `far outside`, `small noise`, `missing input`, `wrong shape`. */
  readonly probe: string;
  /** `refused`: an error that says so. `crashed`: the process that tried it died. */
  readonly outcome: 'answered' | 'refused' | 'crashed' | 'notTried';
  readonly why?: string;
}

/** What a model does with inputs that nobody meant for it. */
export interface Robustness {
  readonly probes: readonly Probe[];
  /** On rows of the evaluation file. Absent without one. */
  readonly rows?: {
    readonly rows: number;
    /** Rows whose label changes when every number is moved a little (`noise` standard deviations of its column). */
    readonly flipped: number;
    readonly noise: number;
    /** Rows, all of whose numbers are finite, that were answered with NaN. */
    readonly nan: number;
    /** Lines of the evaluation file of the first of each. */
    readonly flippedLines: readonly number[];
    readonly nanLines: readonly number[];
  };
}
