import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { claimAfter, lastClaim } from './claim.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pilotlight-claim-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

const claim = (n: number) => ({ pid: n, port: 1_000 + n, token: `token-${n}` });

test('of many who follow the same process one succeeds', async () => {
  expect(await lastClaim(folder)).toBeUndefined();
  for (let turn = 1; turn <= 3; turn++) {
    const last = await lastClaim(folder);
    const claims = Array.from({ length: 20 }, (_, i) => claim(100 * turn + i));
    const outcomes = await Promise.all(claims.map((mine) => claimAfter(last, folder, mine)));
    expect(outcomes.filter(Boolean)).toHaveLength(1);
    const winner = claims[outcomes.indexOf(true)];
    expect(await lastClaim(folder)).toEqual({ ...winner, turn });
  }
  expect(await readdir(folder)).toEqual(['emulators-3.json']);
});

test('who follows one that has been followed already fails', async () => {
  await claimAfter(undefined, folder, claim(1));
  const first = await lastClaim(folder);
  await claimAfter(first, folder, claim(2));
  expect(await claimAfter(first, folder, claim(3))).toBe(false);
  expect(await lastClaim(folder)).toEqual({ ...claim(2), turn: 2 });
});

test('who follows one whose followers have come and gone fails', async () => {
  await claimAfter(undefined, folder, claim(1));
  const first = await lastClaim(folder);
  for (const n of [2, 3]) await claimAfter(await lastClaim(folder), folder, claim(n));
  expect(await readdir(folder)).toEqual(['emulators-3.json']);
  expect(await claimAfter(first, folder, claim(4))).toBe(false);
  expect(await readdir(folder)).toEqual(['emulators-3.json']);
});

test('an unreadable claim counts as one nobody answers, other files as none', async () => {
  await writeFile(join(folder, 'emulators-x.json'), '{}');
  await writeFile(join(folder, 'emulators-12.json'), '{"pid":');
  expect(await lastClaim(folder)).toEqual({ pid: 0, port: 0, token: '', turn: 12 });
});
