import { execFileSync } from 'node:child_process';
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { keyOption, readKeys } from './keys.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "pilotlight it's keys-"));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

const modeOf = async (file: string) => (await stat(join(folder, 'keys', file))).mode & 0o777;

test('three keys are made, each its owner’s alone to read, and kept', async () => {
  const keys = await readKeys(folder);
  expect(new Set(Object.values(keys)).size).toBe(3);
  for (const key of Object.values(keys)) expect(key).toMatch(/^[A-Za-z0-9_-]{43}$/);
  expect((await readdir(join(folder, 'keys'))).sort()).toEqual(['operator', 'publisher', 'scorer']);
  for (const file of ['operator', 'publisher', 'scorer']) expect(await modeOf(file)).toBe(0o600);
  expect(await modeOf('.')).toBe(0o700);
  expect(await readKeys(folder)).toEqual(keys);
});

test('hosts that start together on one folder agree on the keys', async () => {
  const all = await Promise.all([readKeys(folder), readKeys(folder), readKeys(folder)]);
  expect(all[1]).toEqual(all[0]);
  expect(all[2]).toEqual(all[0]);
});

test('one that is removed is made anew, one that others may read is closed', async () => {
  const before = await readKeys(folder);
  await rm(join(folder, 'keys', 'scorer'));
  await chmod(join(folder, 'keys', 'operator'), 0o644);
  const after = await readKeys(folder);
  expect(after.Scorer).not.toBe(before.Scorer);
  expect(after).toMatchObject({ Publisher: before.Publisher, Operator: before.Operator });
  expect(await modeOf('operator')).toBe(0o600);
});

test.each(['', '\n', 'short', `${'a'.repeat(32)} b`])('%j is no key', async (text) => {
  await readKeys(folder);
  await writeFile(join(folder, 'keys', 'publisher'), text);
  await expect(readKeys(folder)).rejects.toThrow(/keys\/publisher: expected 32 to 256 letters/);
});

test('what is printed gives a shell the key, whatever the folder is called', async () => {
  await readKeys(folder);
  const shown = execFileSync('sh', ['-c', `printf %s ${keyOption(folder, 'Scorer')}`]).toString();
  const key = (await readFile(join(folder, 'keys', 'scorer'), 'utf8')).trim();
  expect(shown).toBe(`-Hx-functions-key: ${key}`);
  expect(keyOption('.pilotlight', 'Operator')).toBe(
    '-H "x-functions-key: $(cat .pilotlight/keys/operator)"',
  );
});
