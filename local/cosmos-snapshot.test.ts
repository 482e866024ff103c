import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { expired, readSnapshot, withoutSystemMembers, writeSnapshot } from './cosmos-snapshot.ts';

test('a snapshot reads as it was written, and leaves nothing else behind', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'pilotlight-snapshot-'));
  const file = join(folder, 'cosmos.json');
  expect(await readSnapshot(file)).toBeUndefined();
  const snapshot = {
    databases: [
      {
        id: 'd',
        containers: [
          {
            definition: { id: 'c', partitionKey: { paths: ['/model'] } },
            documents: [{ id: 'x', n: 1, _ts: 7 }],
          },
        ],
      },
    ],
  };
  await writeSnapshot(file, { databases: [] });
  await writeSnapshot(file, snapshot);
  expect(await readSnapshot(file)).toEqual(snapshot);
  expect(await readdir(folder)).toEqual(['cosmos.json']);
  await rm(folder, { recursive: true });
});

test('what the emulator added is not created again', () => {
  expect(
    withoutSystemMembers({ id: 'x', _etag: 'e', _rid: 'r', _self: 's', _ts: 1, n: 2 }),
  ).toEqual({ id: 'x', n: 2 });
});

test.each([
  [{ ttl: 10, _ts: 100 }, false],
  [{ ttl: 10, _ts: 80 }, true],
  [{ ttl: -1, _ts: 1 }, false],
  [{ _ts: 1 }, false],
])('%j has expired at second 100: %s', (document, gone) => {
  expect(expired(document, 100_000)).toBe(gone);
});
