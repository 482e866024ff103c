/** What may be told of an exception: its class, and where it came from. */
export interface WhereThrown {
  readonly type: string;
  /** Lines `    at …`, the innermost cause's first. */
  readonly stack: string;
}

const MAX_CAUSES = 4;
const MAX_FRAMES = 40;
const NAME = /^[A-Za-z_$][\w$]{0,60}$/;
/** A place in a file, maybe in a function: nothing else can stand there. */
const FRAME =
  /^ {4}at (?:(?:async )?[\w$.<>[\] #]{1,120} \((?:file:\/\/|node:|\/)[\w\-./@:+~%]{1,300}:\d+:\d+\)|(?:async )?(?:file:\/\/|node:|\/)[\w\-./@:+~%]{1,300}:\d+:\d+)$/;

/**
 * The class and the stack of what was thrown and of its causes, without any message: those may quote
 * what a caller sent. A stack that doesn't show where its message ends is left out.
 */
export function whereThrown(thrown: unknown): WhereThrown {
  const chain: Error[] = [];
  for (
    let error = thrown;
    error instanceof Error && chain.length < MAX_CAUSES && !chain.includes(error);
    error = error.cause
  ) {
    chain.unshift(error);
  }
  const [innermost] = chain;
  return {
    type: innermost ? classOf(innermost) : typeof thrown,
    stack: chain.flatMap(framesOf).slice(0, MAX_FRAMES).join('\n'),
  };
}

function classOf(error: Error): string {
  // A name is a member that anybody may have written to; the class is not.
  // Bundled, one that names itself inside has a `_` before its own.
  const name = error.constructor.name.replace(/^_(?=[A-Z])/, '');
  return NAME.test(name) ? name : 'Error';
}

function framesOf({ stack, message }: { stack?: unknown; message?: unknown }): string[] {
  // Members that anybody may have written to, too.
  if (typeof stack !== 'string' || typeof message !== 'string') return [];
  const begins = message === '' ? stack.search(/^[\w$.[\] ]*(?:: )?$/m) : stack.indexOf(message);
  // Made before its message was changed: where the old one ends, nobody can tell.
  if (begins === -1 || (message === '' && begins > 0)) return [];
  return stack
    .slice(begins + message.length)
    .split('\n')
    .filter((line) => FRAME.test(line));
}
