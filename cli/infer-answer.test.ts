import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseAnswer, withoutTokens } from './infer-answer.ts';

test('JSON stays what it is', () => {
  fc.assert(
    fc.property(fc.json(), (text) => {
      expect(withoutTokens(text)).toBe(text);
    }),
  );
});

test('strings that look like tokens or long integers stay strings', () => {
  const texts = ['NaN', '"-Infinity', '\\', '12345678901234567890', '\\"NaN'];
  expect(parseAnswer(JSON.stringify({ texts }))).toEqual({ texts });
});

test('bare tokens and long integers become strings, other numbers stay', () => {
  const text = '{"a":[NaN,-Infinity,Infinity,-9223372036854775808,1.25,1e300,0.12345678901234567]}';
  expect(parseAnswer(text)).toEqual({
    a: ['NaN', '-Infinity', 'Infinity', '-9223372036854775808', 1.25, 1e300, 0.12345678901234567],
  });
});
