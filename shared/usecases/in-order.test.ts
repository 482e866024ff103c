import { expect, test } from '@jest/globals';
import { inOrder } from './in-order.ts';

async function* upTo(count: number): AsyncGenerator<number> {
  for (let item = 0; item < count; item++) yield await Promise.resolve(item);
}
const later = async (item: number) => {
  await new Promise((done) => setTimeout(done, (7 - item) * 2));
  return item * 10;
};

test('results come in the order of the items, no more at once than may be', async () => {
  let running = 0;
  let most = 0;
  const results: number[] = [];
  const work = async (item: number) => {
    most = Math.max(most, ++running);
    const result = await later(item);
    running--;
    return result;
  };
  for await (const result of inOrder(upTo(7), 3, work)) results.push(result);
  expect([results, most]).toEqual([[0, 10, 20, 30, 40, 50, 60], 3]);
});

test('a failure comes in its turn, when nothing is under way any more', async () => {
  let running = 0;
  const results: number[] = [];
  const work = async (item: number) => {
    running++;
    try {
      if (item === 2) throw new Error('two');
      return await later(item);
    } finally {
      running--;
    }
  };
  const all = async () => {
    for await (const result of inOrder(upTo(7), 3, work)) results.push(result);
  };
  await expect(all()).rejects.toThrow('two');
  expect([results, running]).toEqual([[0, 10], 0]);
});
