import { describe, expect, test } from '@jest/globals';
import { decodeMessage, parseMessage } from './queue-message.ts';

describe('queue messages', () => {
  test.each([
    ['aGVsbG8=', 'hello'],
    ['aGVsbG8', 'hello'],
    ['', ''],
    [Buffer.from('{"ü":1}').toString('base64'), '{"ü":1}'],
    ['not base64!', undefined],
    ['{"plain":"json"}', undefined],
    [Buffer.from([0xff, 0xfe]).toString('base64'), undefined],
  ])('base64 %j is %j', (text, expected) => {
    expect(decodeMessage(text, 'base64')).toBe(expected);
  });

  test('without encoding a text is itself', () => {
    expect(decodeMessage('not base64!', 'none')).toBe('not base64!');
  });

  test.each([
    ['{"a":[1]}', { a: [1] }],
    ['123', 123],
    ['9007199254740993', 9007199254740992],
    ['"quoted"', 'quoted'],
    ['true', true],
    ['plain', 'plain'],
    ['{broken', '{broken'],
    ['', ''],
  ])('%j arrives as %j', (text, expected) => {
    expect(parseMessage(text)).toEqual(expected);
  });
});
