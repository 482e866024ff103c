import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { contextBelow, parseTraceparent, traceparentOf } from './trace-context.ts';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const SPAN = '00f067aa0ba902b7';

const digits = (length: number) =>
  fc.stringMatching(new RegExp(`^[0-9a-f]{${length}}$`)).filter((text) => /[1-9a-f]/.test(text));

describe('a traceparent', () => {
  test('is read and written back', () => {
    fc.assert(
      fc.property(digits(32), digits(16), fc.boolean(), (traceId, spanId, sampled) => {
        const context = { traceId, spanId, sampled };
        expect(parseTraceparent(traceparentOf(context))).toEqual(context);
      }),
    );
  });

  test.each<[string, unknown]>([
    ['nothing', undefined],
    ['null', null],
    ['no text', 7],
    ['an empty text', ''],
    ['upper case', `00-${TRACE.toUpperCase()}-${SPAN}-01`],
    ['no trace', `00-${'0'.repeat(32)}-${SPAN}-01`],
    ['no span', `00-${TRACE}-${'0'.repeat(16)}-01`],
    ['a short trace', `00-${TRACE.slice(1)}-${SPAN}-01`],
    ['version ff', `ff-${TRACE}-${SPAN}-01`],
    ['more than version 00 has', `00-${TRACE}-${SPAN}-01-what`],
    ['a line break behind', `00-${TRACE}-${SPAN}-01\n`],
    ['two of them', `00-${TRACE}-${SPAN}-01, 00-${TRACE}-${SPAN}-01`],
    ['endless members', `01-${TRACE}-${SPAN}-01-${'x'.repeat(300)}`],
  ])('that is %s begins a trace', (_, text) => {
    expect(parseTraceparent(text)).toBeUndefined();
  });

  test('of a later version is read as far as it is known', () => {
    const read = { traceId: TRACE, spanId: SPAN, sampled: true };
    expect(parseTraceparent(`01-${TRACE}-${SPAN}-03-more`)).toEqual(read);
    expect(parseTraceparent(`00-${TRACE}-${SPAN}-02`)).toEqual({ ...read, sampled: false });
  });
});

test('work below other work is in its trace, and as wanted as that', () => {
  const parent = { traceId: TRACE, spanId: SPAN, sampled: false };
  const hex = (length: number) => 'c'.repeat(length);
  expect(contextBelow(parent, hex)).toEqual({ ...parent, spanId: 'c'.repeat(16) });
  expect(contextBelow(undefined, hex)).toEqual({
    traceId: 'c'.repeat(32),
    spanId: 'c'.repeat(16),
    sampled: true,
  });
});
