export interface Asked {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Buffer;
}

export interface Told {
  readonly status: number;
  readonly headers?: Record<string, string>;
  readonly body?: unknown;
  /** The connection is cut after so many bytes of the body. */
  readonly cutAfter?: number;
}

/** A problem document. */
export function problem(status: number, error: string, headers: Record<string, string> = {}): Told {
  const body = { type: 'urn:x', title: 'x', status, detail: error, instance: 'urn:y', error };
  return { status, headers, body };
}
