import { expect, test } from '@jest/globals';
import { closeAll } from './emulators-process.ts';

test('an emulator that can’t be closed keeps no other from saving', async () => {
  const closed: string[] = [];
  const emulator = (name: string) => ({ close: () => Promise.resolve(void closed.push(name)) });
  const broken = { close: () => Promise.reject(new Error('blobs')) };
  await expect(closeAll([broken, emulator('queues'), emulator('Cosmos')])).rejects.toThrow('blobs');
  expect(closed).toEqual(['queues', 'Cosmos']);
});
