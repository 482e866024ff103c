import { describe, expect, test } from '@jest/globals';
import { digits, table } from './table.ts';

describe('a table', () => {
  test('is as wide as its widest cells, figures to the right', () => {
    expect(table(['who', 'req/s'], [['bare', '1234567'], ['ours']])).toBe(
      ['| who  |   req/s |', '| ---- | ------: |', '| bare | 1234567 |', '| ours |         |'].join(
        '\n',
      ),
    );
  });
});

describe('digits', () => {
  test.each([
    [0, '0'],
    [0.001234, '0.00123'],
    [1.5, '1.5'],
    [99.96, '100'],
    [1234.5, '1235'],
    [Number.NaN, '–'],
  ])('%p is %p', (value, text) => {
    expect(digits(value)).toBe(text);
  });
});
