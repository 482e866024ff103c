import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import * as z from 'zod';
import { ServingError } from '../shared/errors.ts';
import { continuationToken, queryContinuation, queryLimit } from './page.ts';

const query = (members: Record<string, string>) => ({ query: new URLSearchParams(members) });

describe('limit', () => {
  test('is 100 unless said otherwise', () => {
    expect(queryLimit(query({}))).toBe(100);
    expect(queryLimit(query({ limit: '1' }))).toBe(1);
    expect(queryLimit(query({ limit: '1000' }))).toBe(1000);
  });
  test.each(['', '0', '-1', '1001', '1.5', '1e2', '١', 'x', '1,2', ' 5', '00000'])(
    '%j is refused',
    (limit) => {
      expect(() => queryLimit(query({ limit }))).toThrow(ServingError);
    },
  );
});

describe('continuation', () => {
  const schema = z.strictObject({ after: z.string() });

  test('comes back as it was given', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 200 }), (after) => {
        const continuation = continuationToken({ after });
        expect(continuation).toMatch(/^[A-Za-z0-9_-]+$/);
        expect(queryContinuation(query({ continuation }), schema)).toEqual({ after });
      }),
    );
    expect(queryContinuation(query({}), schema)).toBeUndefined();
  });

  test.each([
    '',
    'x',
    '{"after":"a"}',
    continuationToken({ after: 1 }),
    continuationToken({ after: 'a', more: 1 }),
    continuationToken(null),
    `${continuationToken({ after: 'a' })}=`,
    continuationToken({ after: 'a'.repeat(5000) }),
  ])('%j is refused', (continuation) => {
    expect(() => queryContinuation(query({ continuation }), schema)).toThrow(ServingError);
  });

  test('any text is either refused or a position', () => {
    fc.assert(
      fc.property(fc.string(), (continuation) => {
        try {
          schema.parse(queryContinuation(query({ continuation }), schema));
        } catch (error) {
          expect(error).toBeInstanceOf(ServingError);
        }
      }),
    );
  });
});
