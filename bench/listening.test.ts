import { expect, test } from '@jest/globals';
import { listeningLine, portIn } from './listening.ts';

test('the port is found in the line that every server prints, this project’s too', () => {
  expect(portIn(listeningLine(4242))).toBe(4242);
  expect(portIn('Pilotlight listens on http://127.0.0.1:7071 after 0.3 s')).toBe(7071);
  expect(portIn('warning: http://127.0.0.1:7071')).toBeUndefined();
});
