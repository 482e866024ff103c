/** How the process does, looked at while it works. */
export interface ProcessGauges {
  /** Looks on, from now until `end`. Again is no error. */
  begin(): void;
  end(): void;
  /** Of the time since the last look. */
  read(): { readonly loopDelayMs: number; readonly rssBytes: number };
}
