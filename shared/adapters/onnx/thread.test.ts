import { expect, test } from '@jest/globals';
import { ModelThread } from './thread.ts';

/** A worker that does this when it is sent something. */
function threadThat(does: string): {
  thread: ModelThread;
  ends: { ended: ModelThread; error: Error }[];
} {
  const source = `
    import { parentPort } from 'node:worker_threads';
    parentPort.on('message', ({ id }) => { ${does} });
  `;
  const ends: { ended: ModelThread; error: Error }[] = [];
  const file = new URL(`data:text/javascript,${encodeURIComponent(source)}`);
  const thread = new ModelThread(file, (ended, error) => {
    ends.push({ ended, error });
  });
  return { thread, ends };
}

test.each([
  ['leaves', 'process.exit(3)', 'a model thread ended with code 3'],
  ['throws', 'throw new Error("out of luck")', 'out of luck'],
])('a thread that %s fails what it had in hand, to be tried again', async (_, does, why) => {
  const { thread, ends } = threadThat(does);
  const failure = {
    failure: { kind: 'notReady', retryAfterSeconds: 1 },
    cause: { message: why },
  };
  const both = [
    thread.send({ type: 'unload', session: 1 }),
    thread.send({ type: 'unload', session: 2 }),
  ];
  for (const sent of both) await expect(sent).rejects.toMatchObject(failure);
  expect(ends).toHaveLength(1);
  expect(ends[0]?.ended).toBe(thread);
  expect(ends[0]?.error).toMatchObject(failure);
  expect(thread.idle).toBe(false);
  await expect(thread.send({ type: 'unload', session: 3 })).rejects.toMatchObject(failure);
});

test('an answer that was sent before the end arrives', async () => {
  const { thread } = threadThat(
    'parentPort.postMessage({ id, message: { kind: "unloaded" } }); process.exit(3)',
  );
  expect(await thread.send({ type: 'unload', session: 1 })).toEqual({ kind: 'unloaded' });
});
