import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Digest, ModelName, Version } from '../../ids.ts';
import type { KnownVersion } from '../../ports/known-versions.ts';
import { createRecentVersions } from './recent-versions.ts';

const known = (model: string): KnownVersion => ({
  model: model as ModelName,
  incarnation: 1,
  version: 2 as Version,
  digest: 'd'.repeat(64) as Digest,
  bytes: 10,
  signature: { inputs: [{ name: 'x', datatype: 'FP32', shape: [-1, 4] }], outputs: [] },
  batchRows: 8,
  inlineable: true,
  preload: false,
});

let folder: string;
let file: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'recent-versions-'));
  file = join(folder, 'scratch', 'recent');
});
afterEach(() => rm(folder, { recursive: true }));

describe('recent versions', () => {
  test('are nothing where nothing was written', async () => {
    expect(await createRecentVersions(file).read()).toEqual([]);
  });

  test('come back in their order, and no draft stays', async () => {
    const recent = createRecentVersions(file);
    await recent.write([known('a')]);
    await recent.write([known('b'), known('a')]);
    expect(await createRecentVersions(file).read()).toEqual([known('b'), known('a')]);
    expect(await readdir(join(folder, 'scratch'))).toEqual(['recent']);
  });

  test.each([
    ['cut', (text: string) => text.slice(0, -1)],
    ['changed', (text: string) => text.replace('"bytes":10', '"bytes":11')],
    ['of another format', (text: string) => text.replace('versions 2', 'versions 1')],
    ['empty', () => ''],
  ])('are nothing when the file is %s', async (_, damage) => {
    const recent = createRecentVersions(file);
    await recent.write([known('a')]);
    const text = await readFile(file, 'utf8');
    const damaged = damage(text);
    expect(damaged).not.toBe(text);
    await writeFile(file, damaged);
    expect(await recent.read()).toEqual([]);
  });
});
