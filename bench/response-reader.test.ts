import { describe, expect, test } from '@jest/globals';
import { headerOf, type Response, ResponseReader } from './response-reader.ts';

const OK = 'HTTP/1.1 200 OK\r\nX-Model-Version: 3\r\nContent-Length: 5\r\n\r\nhello';
const FULL = 'HTTP/1.1 429 Too Many Requests\r\ncontent-length: 4\r\n\r\nbusy';

/** What comes of a text that arrives in pieces of `size` bytes; each piece is wiped afterwards. */
function read(text: string, size: number, reader = new ResponseReader()): Response[] {
  const answers: Response[] = [];
  for (let at = 0; at < text.length; at += size) {
    const piece = Buffer.from(text.slice(at, at + size));
    const answer = reader.push(piece);
    if (answer) answers.push(answer);
    piece.fill(0);
  }
  return answers;
}

describe('ResponseReader', () => {
  test.each([1, 2, 3, 7, 20, 1000])('reads answers in pieces of %i bytes', (size) => {
    const reader = new ResponseReader();
    expect(read(OK, size, reader)).toEqual([
      { status: 200, head: OK.slice(0, OK.indexOf('\r\n\r\n')), body: '' },
    ]);
    expect(read(FULL, size, reader)).toMatchObject([{ status: 429, body: 'busy' }]);
    expect(read(OK, size, reader)).toMatchObject([{ status: 200, body: '' }]);
  });

  test('reads an answer that has no body', () => {
    expect(read('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n', 9)).toHaveLength(1);
  });

  test('refuses what it would count wrongly', () => {
    expect(() => read(OK + OK, 1000)).toThrow('after the answer');
    expect(() => read('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n', 1000)).toThrow(
      'Content-Length',
    );
    expect(() => read('SSH-2.0\r\ncontent-length: 1\r\n\r\n', 1000)).toThrow('expected a status');
    expect(() => read('x'.repeat(70_000), 1000)).toThrow('no end');
  });
});

describe('headerOf', () => {
  test('finds a header whatever its case, and only by its whole name', () => {
    const head = 'HTTP/1.1 200 OK\r\nX-Model-Version: 3\r\nX-Model: a:b';
    expect(headerOf(head, 'x-model-version')).toBe('3');
    expect(headerOf(head, 'X-MODEL')).toBe('a:b');
    expect(headerOf(head, 'model')).toBeUndefined();
  });
});
