import { expect, test } from '@jest/globals';
import { duration, rows, size, table } from './text-forms.ts';

test('durations', () => {
  const forms = [0, 0.44, 9.94, 9.95, 59.4, 59.6, 185, 3_599.4, 3_600, 7_800].map(duration);
  expect(forms.join(', ')).toBe(
    '0.0 s, 0.4 s, 9.9 s, 10 s, 59 s, 1 min 0 s, 3 min 5 s, 59 min 59 s, 1 h 0 min, 2 h 10 min',
  );
});

test('sizes and counts', () => {
  expect([0, 999, 1_000, 1.5e6, 5_242_880_000].map(size)).toEqual([
    '0 bytes',
    '999 bytes',
    '1.0 KB',
    '1.5 MB',
    '5.2 GB',
  ]);
  expect([rows(1), rows(1_234_567)]).toEqual(['1 row', '1,234,567 rows']);
});

test('tables', () => {
  expect(table(['A', 'LONG'], [['word', '']])).toBe('A     LONG\nword\n');
});
