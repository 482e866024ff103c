import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { ServingError } from '../errors.ts';
import { whereThrown } from './where-thrown.ts';

/** What a caller may have put into a message to have it told. */
const hostile = fc.oneof(
  fc.string({ minLength: 1 }),
  fc.constantFrom(
    '\n    at SECRET (file:///SECRET.ts:1:1)',
    'SECRET\n    at /SECRET:1:1',
    '    at SECRET (/SECRET:1:1)\n    at async SECRET (/SECRET:2:2)',
    'at',
  ),
);

test('no message is told, whatever it looks like', () => {
  fc.assert(
    fc.property(hostile, hostile, (text, other) => {
      const cause = new TypeError(`${other} SECRET`);
      const error = new ServingError({ kind: 'damaged', detail: `${text} SECRET` }, { cause });
      const { type, stack } = whereThrown(error);
      expect(type).toBe('TypeError');
      expect(stack).not.toContain('SECRET');
      for (const line of stack.split('\n')) expect(line).toMatch(/^ {4}at .*:\d+:\d+\)?$/);
    }),
  );
});

test('says where, the cause first', () => {
  function failing(): Error {
    return new RangeError('no');
  }
  const { type, stack } = whereThrown(new Error('outer', { cause: failing() }));
  expect(type).toBe('RangeError');
  expect(stack.split('\n')[0]).toMatch(/ {4}at failing \(.*where-thrown\.test\.ts:\d+:\d+\)$/);
});

test.each(['changed', ''])('a stack that may have another message in it is left out: %j', (now) => {
  const error = new Error('SECRET\n    at SECRET (/SECRET:1:1)');
  // As V8 writes it when the error is made; Jest's is written when it is read.
  const { stack = '' } = error;
  Object.defineProperty(error, 'stack', { value: stack });
  error.message = now;
  error.name = 'SECRET';
  expect(whereThrown(error)).toEqual({ type: 'Error', stack: '' });
});

test.each([null, 7, { at: 'SECRET' }])(
  'a stack or message that is no text is left out: %j',
  (odd) => {
    for (const member of ['stack', 'message']) {
      const error = Object.assign(new Error('SECRET'), { [member]: odd });
      expect(whereThrown(error)).toEqual({ type: 'Error', stack: '' });
    }
  },
);

test('an error without a message has its stack', () => {
  expect(whereThrown(new Error()).stack).toMatch(/where-thrown\.test\.ts:\d+:\d+/);
});

test('what isn’t an error has a type and no stack; causes in a circle end', () => {
  expect(whereThrown('SECRET')).toEqual({ type: 'string', stack: '' });
  const error = new Error('a');
  error.cause = error;
  expect(whereThrown(error).type).toBe('Error');
});
