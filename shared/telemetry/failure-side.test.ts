import { expect, test } from '@jest/globals';
import { problemAnswer } from '../../functions/problem.ts';
import { type Failure, type FailureKind, ServingError } from '../errors.ts';
import { isOurs, outcomeOf } from './failure-side.ts';

test.each<FailureKind>([
  'malformed',
  'notFound',
  'conflict',
  'lengthRequired',
  'tooLarge',
  'stale',
  'rangeNotSatisfiable',
  'unsupportedMedia',
  'rejected',
  'overloaded',
  'notReady',
  'unavailable',
  'deadlinePassed',
  'damaged',
])('%s is ours if it is answered with a status from 500 on', (kind) => {
  const failure = { kind, detail: '', retryAfterSeconds: 1 } as Failure;
  const request = { url: 'http://127.0.0.1/', headers: { get: () => null } };
  expect(isOurs(outcomeOf(new ServingError(failure)))).toBe(
    problemAnswer(request, failure).status >= 500,
  );
});

test('a bug is ours', () => {
  expect(isOurs(outcomeOf(new Error('what')))).toBe(true);
});
