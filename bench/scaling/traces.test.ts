import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Events } from './events.ts';
import { Fifo } from './fifo.ts';
import { parseTrace } from './trace-file.ts';
import { TRACE_NAMES, traceNamed } from './traces.ts';

describe('the traces', () => {
  test.each(TRACE_NAMES)('%s: by time, within its duration, the same for a seed', (name) => {
    const { arrivals, durationMs } = traceNamed(name, 3);
    expect(arrivals.every(({ at }, i) => at >= (arrivals[i - 1]?.at ?? 0))).toBe(true);
    expect(arrivals.at(-1)?.at).toBeLessThan(durationMs);
    const isSame = (seed: number): boolean => {
      const again = traceNamed(name, seed).arrivals;
      return again.length === arrivals.length && again.every(({ at }, i) => at === arrivals[i]?.at);
    };
    expect(isSame(3)).toBe(true);
    expect(isSame(4)).toBe(false);
  });

  test('bursty: 400 a second in a spike’s midst, 20 between', () => {
    const { arrivals } = traceNamed('bursty');
    const within = (from: number, to: number): number =>
      arrivals.filter(({ at }) => at >= from * 1_000 && at < to * 1_000).length / (to - from);
    expect(within(310, 355)).toBeCloseTo(400, -2);
    expect(Math.abs(within(400, 880) - 20)).toBeLessThan(1);
  });

  test('nightly: 300 chunks at once', () => {
    const chunks = traceNamed('nightly').arrivals.filter(({ kind }) => kind === 'chunk');
    expect(chunks).toHaveLength(300);
    expect(new Set(chunks.map(({ at }) => at)).size).toBe(1);
  });
});

describe('a trace from a file', () => {
  test('counts, kinds and the end', () => {
    const trace = parseTrace('own.csv', 'seconds,kind,count\r\n5,http,3\r\n1,chunk,2\n9,http,0\n');
    expect(trace.durationMs).toBe(10_000);
    expect(trace.arrivals.map(({ kind }) => kind)).toEqual([
      'chunk',
      'chunk',
      'http',
      'http',
      'http',
    ]);
    expect(trace.arrivals.slice(0, 2).map(({ at }) => at)).toEqual([1_000, 1_000]);
    expect(trace.arrivals.slice(2).every(({ at }) => at >= 5_000 && at < 6_000)).toBe(true);
  });

  test.each([
    ['', 'own.csv: expected the first line seconds,kind,count'],
    ['seconds,kind,count', 'own.csv: expected lines after the first'],
    ['seconds,kind,count\n1,http', 'own.csv:2: expected seconds,kind,count, got "1,http"'],
    ['seconds,kind,count\n1,http,1,1', 'own.csv:2: expected'],
    ['seconds,kind,count\n1,blob,1', 'own.csv:2: kind: expected'],
    ['seconds,kind,count\n-1,http,1', 'own.csv:2: seconds: expected'],
    ['seconds,kind,count\n1,http,1\n1,http,1.5', 'own.csv:3: count: expected'],
    ['seconds,kind,count\n1,http,9000000', 'own.csv: more than 5000000 arrivals'],
  ])('%j is refused', (text, message) => {
    expect(() => parseTrace('own.csv', text)).toThrow(message);
  });
});

test('events happen by time, those of a time in the order they were planned', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 20 })), (times) => {
      const events = new Events();
      const happened: [number, number][] = [];
      for (const [number, at] of times.entries()) {
        events.plan(at, () => happened.push([at, number]));
      }
      while (events.next(100));
      const sorted = times
        .map((at, number): [number, number] => [at, number])
        .sort(([one, first], [other, second]) => one - other || first - second);
      expect(happened).toEqual(sorted);
    }),
  );
  const events = new Events();
  events.plan(5, () => undefined);
  expect(events.next(4)).toBe(false);
  expect(events.next(5)).toBe(true);
  expect(() => {
    events.plan(4, () => undefined);
  }).toThrow('planned for 4 ms, and it is 5 ms');
});

test('a fifo is one, however long', () => {
  const fifo = new Fifo<number>();
  for (let i = 0; i < 5_000; i++) fifo.push(i);
  for (let i = 0; i < 4_000; i++) expect(fifo.shift()).toBe(i);
  expect(fifo.length).toBe(1_000);
  expect(fifo.peek()).toBe(4_000);
});
