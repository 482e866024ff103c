import { expect, test } from '@jest/globals';
import { lazily } from './lazy.ts';

test('is made once, when first asked for, for all who ask', async () => {
  let made = 0;
  const lazy = lazily(() => Promise.resolve(++made));
  expect(lazy.peek()).toBeUndefined();
  expect(made).toBe(0);
  expect(await Promise.all([lazy.get(), lazy.get(), lazy.get()])).toEqual([1, 1, 1]);
  expect(await lazy.peek()).toBe(1);
});

test('all who wait learn of a failure, and the next one tries again', async () => {
  let tries = 0;
  const lazy = lazily(() =>
    ++tries < 3 ? Promise.reject(new Error(`try ${tries}`)) : Promise.resolve('made'),
  );
  const first = await Promise.allSettled([lazy.get(), lazy.get()]);
  expect(first.map((one) => one.status)).toEqual(['rejected', 'rejected']);
  expect(tries).toBe(1);
  expect(lazy.peek()).toBeUndefined();
  await expect(lazy.get()).rejects.toThrow('try 2');
  expect(await lazy.get()).toBe('made');
  expect(await lazy.get()).toBe('made');
  expect(tries).toBe(3);
});
