import { expect, test } from '@jest/globals';
import { byteRange } from './byte-range.ts';

test.each([
  ['bytes=0-0', [0, 1]],
  ['bytes=0-99', [0, 100]],
  ['bytes=0-100', [0, 100]],
  ['bytes=10-19', [10, 20]],
  ['bytes=99-', [99, 100]],
  ['bytes=-1', [99, 100]],
  ['bytes=-100', [0, 100]],
  ['bytes=-1000', [0, 100]],
  ['Bytes = 5-6 ', [5, 7]],
  [`bytes=1-${'9'.repeat(400)}`, [1, 100]],
  [`bytes=-${'9'.repeat(400)}`, [0, 100]],
])('%s is a part', (header, [start, end]) => {
  expect(byteRange(header, 100)).toEqual({ kind: 'part', start, end });
});

test.each(['bytes=100-', 'bytes=100-200', 'bytes=-0', `bytes=${'9'.repeat(400)}-`])(
  '%s is beyond',
  (header) => {
    expect(byteRange(header, 100)).toEqual({ kind: 'unsatisfiable' });
  },
);

test.each([
  null,
  '',
  'bytes',
  'bytes=',
  'bytes=-',
  'bytes=2-1',
  'bytes=a-b',
  'bytes=1.5-3',
  'bytes=0-1,5-6',
  'items=0-1',
  'bytes=--1',
])('%s is the whole', (header) => {
  expect(byteRange(header, 100)).toEqual({ kind: 'whole' });
});

test('nothing of nothing can be sent', () => {
  expect(byteRange('bytes=0-', 0)).toEqual({ kind: 'unsatisfiable' });
  expect(byteRange('bytes=-5', 0)).toEqual({ kind: 'unsatisfiable' });
});
