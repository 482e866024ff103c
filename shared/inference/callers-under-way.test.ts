import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { ServingError } from '../errors.ts';
import { CallersUnderWay } from './callers-under-way.ts';

test('a caller has so many requests under way, and others as many of their own', () => {
  const callers = new CallersUnderWay(2);
  callers.enter('ada');
  callers.enter('ada');
  callers.enter('bob');
  const third = () => {
    callers.enter('ada');
  };
  expect(third).toThrow(/^caller ada: 2 requests .* PILOTLIGHT_MAX_REQUESTS_PER_CALLER\)$/);
  try {
    third();
  } catch (error) {
    expect((error as ServingError).failure).toMatchObject({
      kind: 'overloaded',
      retryAfterSeconds: 1,
    });
  }
  expect.assertions(2);
  callers.leave('ada');
  callers.enter('ada');
});

test('it counts as a plain model does, and keeps nothing of who has left', () => {
  const step = fc.record({ who: fc.constantFrom('a', 'b', '__proto__'), enters: fc.boolean() });
  fc.assert(
    fc.property(fc.array(step), fc.integer({ min: 1, max: 3 }), (steps, most) => {
      const callers = new CallersUnderWay(most);
      const under: string[] = [];
      for (const { who, enters } of steps) {
        const count = under.filter((one) => one === who).length;
        if (!enters) {
          if (count === 0) continue;
          under.splice(under.indexOf(who), 1);
          callers.leave(who);
        } else if (count < most) {
          under.push(who);
          callers.enter(who);
        } else {
          expect(() => {
            callers.enter(who);
          }).toThrow('under way');
        }
        expect(callers.size).toBe(new Set(under).size);
      }
    }),
  );
});
