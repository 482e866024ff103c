import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { RequestQueue } from './request-queue.ts';

const any = () => true;

describe('the queue of requests', () => {
  test('takes by priority, then by arrival; 0 counts as 2, above 3 as 3', () => {
    const queue = new RequestQueue<{
      priority: number;
      bytes: number;
      serviceNs: number;
      name: string;
    }>({
      maxRequests: 10,
      maxBytes: 100,
    });
    for (const [name, priority] of [
      ['a', 3],
      ['b', 0],
      ['c', 1],
      ['d', 2],
      ['e', 9],
      ['f', 1],
    ] as const) {
      expect(queue.push({ name, priority, bytes: 1, serviceNs: 1 })).toBe(true);
    }
    const order = Array.from({ length: 6 }, () => queue.take(any)?.name);
    expect(order).toEqual(['c', 'f', 'b', 'd', 'a', 'e']);
    expect(queue.take(any)).toBeUndefined();
  });

  test('never holds more than its bounds, and counts what it holds', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            priority: fc.nat(5),
            bytes: fc.nat(60),
            serviceNs: fc.nat(9),
            take: fc.boolean(),
          }),
        ),
        (steps) => {
          const queue = new RequestQueue<{ priority: number; bytes: number; serviceNs: number }>({
            maxRequests: 5,
            maxBytes: 100,
          });
          let held: { bytes: number; serviceNs: number }[] = [];
          for (const { take, ...item } of steps) {
            if (take) {
              const taken = queue.take(any);
              held = held.filter((other) => other !== taken);
            } else if (queue.push(item)) held.push(item);
            expect(queue.requests).toBe(held.length);
            expect(queue.bytes).toBe(held.reduce((sum, { bytes }) => sum + bytes, 0));
            expect(queue.serviceNs).toBe(held.reduce((sum, { serviceNs }) => sum + serviceNs, 0));
            expect(queue.requests).toBeLessThanOrEqual(5);
            expect(queue.bytes).toBeLessThanOrEqual(100);
          }
        },
      ),
    );
  });

  test('a request larger than the bound still gets through an empty queue', () => {
    const queue = new RequestQueue({ maxRequests: 5, maxBytes: 10 });
    expect(queue.push({ priority: 0, bytes: 50, serviceNs: 0 })).toBe(true);
    expect(queue.push({ priority: 0, bytes: 1, serviceNs: 0 })).toBe(false);
  });
});
