/** What surrounds a command: the process's streams, clock and signals, or a test's. */
export interface Terminal {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdin: AsyncIterable<Uint8Array>;
  /** Results. Resolves when more may be written. */
  write(output: string | Uint8Array): Promise<void>;
  /** A line for the person in front, on standard error. */
  say(line: string): void;
  /** Standard error, when it is a screen that a bar may be drawn on. */
  readonly screen: NodeJS.WritableStream | undefined;
  /** Milliseconds since the epoch. */
  now(): number;
  /** Rejects with the signal's reason when it is aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** Calls the listener on Ctrl-C, which then no longer ends the process; answers how to stop that. */
  onInterrupt(listener: () => void): () => void;
}

/** What every command gets besides its own flags. */
export interface Globals {
  readonly terminal: Terminal;
  /** One JSON document on standard output, and no progress. */
  readonly json: boolean;
}
