import { expect, test } from '@jest/globals';
import { type Failure, ServingError } from '../errors.ts';
import { isVersionError } from './version-error.ts';

const failure = (kind: Failure['kind'], more = {}) =>
  new ServingError({ kind, detail: 'd', ...more } as Failure);

test.each<[string, unknown, boolean]>([
  ['what nobody foresaw', new Error('bug'), true],
  ['a run that fails', failure('malformed', { atRun: true }), true],
  ['a run that takes too long', failure('deadlinePassed'), true],
  ['a model that can’t be loaded', failure('notReady'), true],
  ['bytes that are not the model', failure('damaged'), true],
  ['a request that doesn’t fit the signature', failure('malformed'), false],
  ['a body that is too large', failure('tooLarge'), false],
  ['a body that nobody can inflate', failure('unsupportedMedia'), false],
  ['no room', failure('overloaded', { retryAfterSeconds: 1 }), false],
])('%s: %#', (_, error, counts) => {
  expect(isVersionError(error)).toBe(counts);
});
