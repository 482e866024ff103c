import { expect, test } from '@jest/globals';
import { prefersHtml } from './accept.ts';

test.each([
  'text/html',
  'text/html,application/xhtml+xml,application/xml;q=0.9,image/webp,*/*;q=0.8',
  'TEXT/HTML;q=0.5, application/json;q=0.4',
  'text/*',
  'application/json;q=0, */*',
])('%s prefers HTML', (accept) => {
  expect(prefersHtml(accept)).toBe(true);
});

test.each([
  null,
  '',
  '*/*',
  'application/json',
  'application/json, text/html',
  'text/html;q=0',
  'text/html;q=nonsense',
  'text/plain',
  '*/*, text/html;q=0.9',
])('%s does not', (accept) => {
  expect(prefersHtml(accept)).toBe(false);
});
