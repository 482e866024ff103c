/** One threshold that a version must meet. */
export interface GateResult {
  /** As the card's `gates` name it. */
  readonly gate: string;
  /** `unknown`: there is not enough to tell; it rejects nothing. */
  readonly result: 'passed' | 'failed' | 'unknown';
  /** For people: the figure, the bound, and what to look at. */
  readonly why: string;
  readonly figure?: number;
  readonly bound?: number;
  /** Lines of the evaluation file to look at, the first data line is 2. */
  readonly lines?: readonly number[];
}
