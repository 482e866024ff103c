/** Milliseconds. */
export interface Percentiles {
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
}

/** What serving a model takes, measured where it was examined. */
export interface Cost {
  /** Bytes of the ONNX file. */
  readonly bytes: number;
  readonly loadMs: number;
  /** By how much the examining process's memory grew while it was loaded and ran. */
  readonly memoryBytes: number;
  /** Of one row alone; absent where no run worked. */
  readonly alone?: Percentiles;
  /** Of one run of `rows` rows. */
  readonly batched?: Percentiles & { readonly rows: number };
}
