/** Placeholder of the contract: the metrics' own types replace it. */
export interface Quality {
  readonly rows: number;
}
