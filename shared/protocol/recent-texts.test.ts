import { expect, test } from '@jest/globals';
import { JsonCursor } from './json-cursor.ts';
import { recentText, rememberText } from './recent-texts.ts';
import { DATATYPES } from './tensor.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

test('a text is found by its own bytes only, whatever the hash', () => {
  rememberText('shape', 7);
  expect(recentText(bytes('xshapex'), 1, 6, 7)).toBe('shape');
  expect(recentText(bytes('xshapex'), 1, 5, 7)).toBeUndefined();
  expect(recentText(bytes('shade'), 0, 5, 7)).toBeUndefined();
  expect(recentText(bytes('shape'), 0, 5, 8)).toBeUndefined();
  rememberText('other', 7);
  expect(recentText(bytes('shape'), 0, 5, 7)).toBeUndefined();
});

test('short texts are read as they stand, the first time and again', () => {
  const words = [
    ...DATATYPES,
    ...['id', 'inputs', 'outputs', 'parameters', 'name', 'shape', 'datatype', 'data', ''],
    ...['binary_data', 'binary_data_size', 'binary_data_output', 'timeout', 'priority'],
    ...Array.from({ length: 3000 }, (_, index) => `feature_${index}`),
  ];
  for (const word of [...words, ...words]) {
    expect(new JsonCursor(bytes(`"${word}",`)).shortText()).toBe(word);
  }
  for (const other of ['"é"', '"a\\n"', `"${'x'.repeat(33)}"`, '5', '"open', 'null']) {
    const cursor = new JsonCursor(bytes(other));
    expect(cursor.shortText()).toBeUndefined();
    expect(cursor.position).toBe(0);
  }
});
