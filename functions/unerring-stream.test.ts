import { expect, test } from '@jest/globals';
import { unerring } from './unerring-stream.ts';

const bytes = (...values: number[]) => Uint8Array.from(values);

function stream(items: unknown[], end: (controller: ReadableStreamDefaultController) => void) {
  const state = { cancelled: false };
  const source = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        if (items.length === 0) end(controller);
        else controller.enqueue(items.shift() as Uint8Array);
      },
      cancel() {
        state.cancelled = true;
      },
    },
    { highWaterMark: 0 },
  );
  const errors: unknown[] = [];
  return { wrapped: unerring(source, (error) => errors.push(error)), errors, state };
}
const close = (controller: ReadableStreamDefaultController) => {
  controller.close();
};
const read = async (source: ReadableStream) => [
  ...new Uint8Array(await new Response(source).arrayBuffer()),
];

test('passes the bytes on', async () => {
  const { wrapped, errors } = stream([bytes(1, 2), bytes(), bytes(3)], close);
  expect(await read(wrapped)).toEqual([1, 2, 3]);
  expect(errors).toEqual([]);
});

test('ends early where the source fails, and says so once', async () => {
  const failure = new Error('disk');
  const { wrapped, errors } = stream([bytes(1)], (controller) => {
    controller.error(failure);
  });
  expect(await read(wrapped)).toEqual([1]);
  expect(errors).toEqual([failure]);
});

test.each(['text', 7, null, { a: 1 }])('ends early at %j, and calls off the rest', async (item) => {
  const { wrapped, errors, state } = stream([bytes(1), item, bytes(2)], close);
  expect(await read(wrapped)).toEqual([1]);
  expect(errors.map(String)).toEqual([expect.stringMatching(/expected bytes, got/)]);
  expect(state.cancelled).toBe(true);
});

test('reads no more than is asked for, and passes a cancel on', async () => {
  const items = [bytes(1), bytes(2), bytes(3)];
  const { wrapped, state } = stream(items, close);
  const reader = wrapped.getReader();
  expect((await reader.read()).value).toEqual(bytes(1));
  expect(items).toHaveLength(2);
  await reader.cancel();
  expect(state.cancelled).toBe(true);
});
