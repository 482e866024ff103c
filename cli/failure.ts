/** Why a command ended without doing what was asked; its message is all that its user is told. */
export class CommandFailure extends Error {
  override readonly name: string = 'CommandFailure';
  /** The process's exit code. */
  readonly exitCode: number = 1;
  /** What the server says of it, for scripts. */
  readonly document: Readonly<Record<string, unknown>> | undefined;

  constructor(
    message: string,
    more: { cause?: unknown; document?: Readonly<Record<string, unknown>> | undefined } = {},
  ) {
    super(message, more);
    this.document = more.document;
  }
}

/** The command line, or a file that it names, is not what it must be. */
export class UsageError extends CommandFailure {
  override readonly name = 'UsageError';
  override readonly exitCode = 2;
}

/** Ctrl-C ended the command; the message says what became of the work. */
export class Interrupted extends CommandFailure {
  override readonly name = 'Interrupted';
  override readonly exitCode = 130;
}

/** The server answered with a status of 400 or more. */
export class Refusal extends CommandFailure {
  override readonly name = 'Refusal';
  readonly status: number;

  constructor(
    message: string,
    answer: { status: number; document: Readonly<Record<string, unknown>> | undefined },
  ) {
    super(message, answer);
    this.status = answer.status;
  }
}

/** The system's name of an error, as in `ENOENT`. */
export function codeOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

/** Text of anything thrown; never a stack. */
export function messageOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message || codeOf(error) || 'unknown error';
}
