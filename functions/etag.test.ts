import { describe, expect, test } from '@jest/globals';
import { ServingError } from '../shared/errors.ts';
import { ifMatchHolds, ifNoneMatchHas } from './etag.ts';

describe('If-Match', () => {
  test.each<[string | null, string | undefined, boolean]>([
    [null, '"3"', true],
    [null, undefined, true],
    ['*', '"3"', true],
    ['*', undefined, false],
    ['"3"', '"3"', true],
    ['"3"', undefined, false],
    ['"2"', '"3"', false],
    ['W/"3"', '"3"', false],
    ['"1", "3"', '"3"', true],
    ['"1",,"3" ,', '"3"', true],
    ['"1,3"', '"3"', false],
    ['W/"1", "3"', '"3"', true],
    ['', '"3"', false],
  ])('%j on %j: %j', (header, etag, holds) => {
    expect(ifMatchHolds(header, etag)).toBe(holds);
  });

  test.each(['3', '"3', 'w/"3"', '"1", x', '"1" "3"', '"3"x', '*, "3"'])(
    '%j is refused',
    (header) => {
      expect(() => ifMatchHolds(header, '"3"')).toThrow(ServingError);
    },
  );
});

describe('If-None-Match', () => {
  test.each<[string | null, boolean]>([
    [null, false],
    ['*', true],
    ['"a"', true],
    ['W/"a"', true],
    ['"b"', false],
    ['"b", W/"a"', true],
  ])('%j: %j', (header, has) => {
    expect(ifNoneMatchHas(header, '"a"')).toBe(has);
  });
});
