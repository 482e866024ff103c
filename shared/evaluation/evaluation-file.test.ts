import { expect, test } from '@jest/globals';
import { evaluationFileCheck } from './evaluation-file.ts';

function check(...chunks: (string | Uint8Array)[]): string {
  const checked = evaluationFileCheck('evaluation');
  try {
    for (const chunk of chunks) {
      checked.push(typeof chunk === 'string' ? Buffer.from(chunk) : chunk);
    }
    checked.end();
    return 'right';
  } catch (error) {
    return (error as Error).message;
  }
}

test('a header in UTF-8 is right, however it is cut', () => {
  expect(check('a,b\n1,2\n')).toBe('right');
  expect(check('\ufeffa\r\n')).toBe('right');
  expect(check('just a header')).toBe('right');
  const text = Buffer.from('größe,b\n€,2\n');
  for (let cut = 0; cut <= text.length; cut++) {
    expect(check(text.subarray(0, cut), text.subarray(cut))).toBe('right');
  }
});

test.each([
  ['nothing', [], 'evaluation: it is empty'],
  ['no bytes', ['', ''], 'evaluation: it is empty'],
  ['only a byte order mark', ['\ufeff'], 'evaluation: it is empty'],
  ['blanks', ['  ', ' '], 'evaluation: it is empty'],
  ['an empty first line', ['\n1,2'], 'evaluation: its first line is empty'],
  ['a blank first line', [' ', '\t\r\n1,2'], 'evaluation: its first line is empty'],
  ['a wrong byte', [Uint8Array.of(0x61, 0xff)], 'evaluation: expected CSV in UTF-8'],
  ['a wrong byte late', ['a\n', Uint8Array.of(0xc3, 0x28)], 'evaluation: expected CSV in UTF-8'],
  ['a cut character', ['a\n', Uint8Array.of(0xe2, 0x82)], 'evaluation: expected CSV in UTF-8'],
  ['a first line without end', ['x'.repeat(1_000_001)], 'evaluation: its first line never ends'],
])('%s is wrong', (_, chunks, message) => {
  expect(check(...chunks)).toContain(message);
});
