import type { GraphFacts } from '../../graph/facts.ts';
import type { Inspection } from '../../ports.ts';
import type { Message, Phase } from './examination.ts';
import type { Limit } from './process-watch.ts';

/** How an examining process came to its end. */
export type Ending =
  | Extract<Message, { kind: 'done' | 'failed' }>
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
  readonly facts: GraphFacts | undefined;
  /** The last of what it wrote to standard error. */
  readonly stderr: string;
  readonly file: string;
  readonly options: { readonly timeoutMs: number; readonly memoryBytes: number };
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

const DOING: Readonly<Record<Phase, string>> = {
  starting: 'before it was read',
  reading: 'while its protobuf was read',
  loading: 'while onnxruntime loaded it',
  running: 'while it ran once on generated input',
};

/**
 * What an end says about the model. @throws Error when it says nothing about it: the examination
 * itself went wrong and may be tried again
 */
export function explainEnd(ending: Ending, seen: Circumstances): Inspection {
  const doing = DOING[seen.phase];
  const { timeoutMs, memoryBytes } = seen.options;
  switch (ending.kind) {
    case 'done':
      return ending.inspection;
    case 'tooLong':
      return refuse(
        seen,
        `it took more than ${timeoutMs} ms ${doing}, and was stopped; a model must load and answer its smallest input within that time (an endless Loop?)`,
      );
    case 'tooLarge':
      return refuse(
        seen,
        `it took ${megabytes(ending.bytes)} of memory ${doing}, and was stopped; expected at most ${megabytes(memoryBytes)}`,
      );
    case 'died':
      return explainDeath(ending, seen, doing);
    case 'starved':
      throw new Error(
        `${seen.file}: examining it got too little CPU in ${Math.round(ending.ms)} ms to tell anything; the machine is too busy`,
      );
    case 'failed':
    case 'garbled':
      throw new Error(`${seen.file}: examining it failed: ${ending.detail}${tail(seen)}`);
  }
}

function explainDeath(
  ending: Extract<Ending, { kind: 'died' }>,
  seen: Circumstances,
  doing: string,
): Inspection {
  const how = ending.signal ?? `exit code ${ending.code}`;
  // A kernel short of memory kills the examiner first, before this process sees its limit passed.
  if (ending.signal === 'SIGKILL' && ending.peakBytes > seen.options.memoryBytes / 2) {
    return refuse(
      seen,
      `it took ${megabytes(ending.peakBytes)} of memory ${doing}, and the system had no more to give`,
    );
  }
  const itsOwn = ending.signal === null ? seen.phase !== 'starting' : CRASHES.has(ending.signal);
  if (!itsOwn) throw new Error(`${seen.file}: examining it ended with ${how}${tail(seen)}`);
  return refuse(seen, `it crashed the process that examined it (${how}) ${doing}${tail(seen)}`);
}

function refuse({ facts }: Circumstances, reason: string): Inspection {
  return { ok: false, reasons: [reason], ...(facts && { facts }) };
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
