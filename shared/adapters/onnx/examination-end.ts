import type { Measuring, Message, Phase } from './examination.ts';
import type { Limit } from './process-watch.ts';

/** How an examining process came to its end before it was done. */
export type Ending =
  | Extract<Message, { kind: 'failed' }>
  | Limit
  | { readonly kind: 'garbled'; readonly detail: string }
  | {
      readonly kind: 'died';
      readonly code: number | null;
      readonly signal: NodeJS.Signals | null;
      readonly peakBytes: number;
    };

export interface Circumstances {
  readonly phase: Phase;
  readonly measuring: Measuring | undefined;
  /** The last of what it wrote to standard error. */
  readonly stderr: string;
  readonly file: string;
  readonly memoryBytes: number;
}

/** Signals that a process sends itself by what it does; others come from somebody else. */
const CRASHES: ReadonlySet<NodeJS.Signals> = new Set([
  'SIGSEGV',
  'SIGABRT',
  'SIGBUS',
  'SIGILL',
  'SIGFPE',
  'SIGTRAP',
  'SIGSYS',
]);

const DOING: Readonly<Record<Exclude<Phase, 'measuring'>, string>> = {
  starting: 'before it was read',
  reading: 'while its protobuf was read',
  loading: 'while onnxruntime loaded it',
  running: 'while it ran once on generated input',
};

/**
 * What an end says about the model, for people. @throws Error when it says nothing about it: the
 * examination itself went wrong and may be tried again
 */
export function blameOf(ending: Ending, seen: Circumstances): string {
  const doing = doingOf(seen);
  switch (ending.kind) {
    case 'tooLong':
      return `it took more than ${ending.limitMs} ms ${doing}, and was stopped; ${
        seen.phase === 'measuring'
          ? 'no input may hold a model up for so long'
          : 'a model must load and answer its smallest input within that time'
      } (an endless Loop?)`;
    case 'tooLarge':
      return `it took ${megabytes(ending.bytes)} of memory ${doing}, and was stopped; expected at most ${megabytes(seen.memoryBytes)}`;
    case 'died':
      return blameForDeath(ending, seen, doing);
    case 'starved':
      throw new Error(
        `${seen.file}: examining it got too little CPU in ${Math.round(ending.ms)} ms to tell anything; the machine is too busy`,
      );
    case 'failed':
    case 'garbled':
      throw new Error(`${seen.file}: examining it failed: ${ending.detail}${tail(seen)}`);
  }
}

function blameForDeath(
  ending: Extract<Ending, { kind: 'died' }>,
  seen: Circumstances,
  doing: string,
): string {
  const how = ending.signal ?? `exit code ${ending.code}`;
  // A kernel short of memory kills the examiner first, before this process sees its limit passed.
  if (ending.signal === 'SIGKILL' && ending.peakBytes > seen.memoryBytes / 2) {
    return `it took ${megabytes(ending.peakBytes)} of memory ${doing}, and the system had no more to give`;
  }
  const itsOwn = ending.signal === null ? seen.phase !== 'starting' : CRASHES.has(ending.signal);
  if (!itsOwn) throw new Error(`${seen.file}: examining it ended with ${how}${tail(seen)}`);
  return `it crashed the process that examined it (${how}) ${doing}${tail(seen)}`;
}

function doingOf({ phase, measuring }: Circumstances): string {
  if (phase !== 'measuring') return DOING[phase];
  switch (measuring) {
    case undefined:
      return 'while it was loaded to be measured';
    case 'cost':
      return 'while its runs were timed';
    case 'evaluation rows':
      return 'while it answered the evaluation file';
    case 'production':
      return 'while production answered the evaluation file';
    case 'quality':
      return 'while its figures were made';
    default:
      return `while \`${measuring}\` was tried`;
  }
}

/** The last line of standard error, harmless and short. */
function tail({ stderr, file }: Circumstances): string {
  const line = stderr.replaceAll(file, 'the model').trim().split('\n').at(-1) ?? '';
  const text = line.replace(/[\u0000-\u001f\u007f]+/g, ' ').slice(0, 300);
  return text && `: ${text}`;
}

function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1_000_000)} MB`;
}
