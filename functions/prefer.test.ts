import { expect, test } from '@jest/globals';
import { preferredWait } from './prefer.ts';

test.each([
  ['wait=10', 10],
  ['wait=0', 0],
  ['WAIT = "7"', 7],
  ['respond-async, wait=5; x=y', 5],
  ['wait=61', 60],
  ['wait=5, wait=9', 5],
  [null, undefined],
  ['', undefined],
  ['wait', undefined],
  ['wait=', undefined],
  ['wait=-1', undefined],
  ['wait=1.5', undefined],
  ['wait=soon', undefined],
  ['await=5', undefined],
])('%s asks to wait %s seconds', (header, seconds) => {
  expect(preferredWait(header)).toBe(seconds);
});
