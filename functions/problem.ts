import { randomUUID } from 'node:crypto';
import type { Failure, FailureKind } from '../shared/errors.ts';
import type { Answer, Request } from './trigger.ts';

interface ProblemKind {
  readonly status: number;
  readonly title: string;
  /** Last part of the problem's `type`, `urn:pilotlight:problem:…`. */
  readonly type: string;
}

/** What a caller learns of each failure; a new failure does not compile until it stands here. */
const PROBLEMS = {
  malformed: { status: 400, title: 'Malformed request', type: 'malformed' },
  unauthenticated: { status: 401, title: 'Unauthenticated', type: 'unauthenticated' },
  forbidden: { status: 403, title: 'Forbidden', type: 'forbidden' },
  notFound: { status: 404, title: 'Not found', type: 'not-found' },
  conflict: { status: 409, title: 'Conflict', type: 'conflict' },
  lengthRequired: { status: 411, title: 'Length required', type: 'length-required' },
  tooLarge: { status: 413, title: 'Too large', type: 'too-large' },
  stale: { status: 412, title: 'Changed meanwhile', type: 'stale' },
  rangeNotSatisfiable: {
    status: 416,
    title: 'Range not satisfiable',
    type: 'range-not-satisfiable',
  },
  unsupportedMedia: { status: 415, title: 'Unsupported media type', type: 'unsupported-media' },
  rejected: { status: 422, title: 'Model rejected', type: 'rejected' },
  overloaded: { status: 429, title: 'Overloaded', type: 'overloaded' },
  notReady: { status: 503, title: 'Not ready yet', type: 'not-ready' },
  unavailable: { status: 503, title: 'Unavailable', type: 'unavailable' },
  deadlinePassed: { status: 504, title: 'Deadline passed', type: 'deadline-passed' },
  damaged: { status: 503, title: 'Damaged data', type: 'damaged' },
} as const satisfies Record<FailureKind, ProblemKind>;

const BUG: ProblemKind = { status: 500, title: 'Internal error', type: 'internal' };

/** An answer that is a problem, and the id under which the log speaks of it. */
export interface ProblemAnswer extends Answer {
  /** `urn:uuid:…`, also the document's `instance`. */
  readonly instance: string;
}

/**
 * The error document (RFC 9457, and `error` for Open Inference clients) for a failure that the
 * caller may learn of. `members` are put beside the standard ones, for answers that have a shape of
 * their own also when they fail.
 */
export function problemAnswer(
  request: Pick<Request, 'url' | 'headers'>,
  failure: Failure,
  members: Readonly<Record<string, unknown>> = {},
): ProblemAnswer {
  return answerOf(request, {
    kind: PROBLEMS[failure.kind],
    detail: failure.detail,
    members: {
      ...members,
      ...('report' in failure && failure.report !== undefined && { report: failure.report }),
    },
    headers: headersOf(failure),
  });
}

function headersOf(failure: Failure): Readonly<Record<string, string>> {
  if ('retryAfterSeconds' in failure) {
    return { 'retry-after': String(Math.max(1, Math.ceil(failure.retryAfterSeconds))) };
  }
  return failure.kind === 'unauthenticated' ? { 'www-authenticate': 'Bearer' } : {};
}

/** The error document for a bug: it says nothing of the inside, its `instance` stands in the log. */
export function bugAnswer(request: Pick<Request, 'url' | 'headers'>): ProblemAnswer {
  return answerOf(request, {
    kind: BUG,
    detail: 'an error on our side; the log has it under the id in "instance"',
    members: {},
    headers: {},
  });
}

function answerOf(
  request: Pick<Request, 'url' | 'headers'>,
  problem: {
    kind: ProblemKind;
    detail: string;
    members: Readonly<Record<string, unknown>>;
    headers: Readonly<Record<string, string>>;
  },
): ProblemAnswer {
  const { kind, detail } = problem;
  const instance = `urn:uuid:${randomUUID()}`;
  return {
    status: kind.status,
    headers: { 'content-type': contentType(request), ...problem.headers },
    body: JSON.stringify({
      ...problem.members,
      type: `urn:pilotlight:problem:${kind.type}`,
      title: kind.title,
      status: kind.status,
      detail,
      instance,
      error: detail,
    }),
    instance,
  };
}

/** Open Inference clients read `error` only from exactly application/json. */
function contentType(request: Pick<Request, 'url' | 'headers'>): string {
  const named =
    /(?:^|,)\s*application\/problem\+json\s*(?:;(?!\s*q=0(?:\.0*)?\s*(?:,|$))[^,]*)?(?:,|$)/i;
  const openInference = /^[a-z]+:\/\/[^/?#]*\/v2(?:[/?#]|$)/i.test(request.url);
  return openInference && !named.test(request.headers.get('accept') ?? '')
    ? 'application/json'
    : 'application/problem+json';
}
