import { createHash, randomBytes } from 'node:crypto';
import {
  cp,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  truncate,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Digest } from '../../ids.ts';
import { preparedKey } from './prepared-form.ts';
import { writeManifest } from './prepared-manifest.ts';
import { createPreparedModels, type PreparedModel } from './prepared-models.ts';
import { GRAPH_FILE, WEIGHTS_FILE } from './serving-options.ts';

let dir: string;
let prepared: string[];
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'prepared-models-'));
  prepared = [];
});
afterEach(async () => {
  await rm(dir, { recursive: true, force: true });
});

const digestOf = (text: string) => createHash('sha256').update(text).digest('hex') as Digest;

/** Preparing, as far as files go; `weights` bytes of them. */
const preparing =
  (weights = 1000) =>
  async (source: string, into: string): Promise<void> => {
    prepared.push(source);
    await writeFile(join(into, GRAPH_FILE), `graph of ${source}`);
    await writeFile(join(into, WEIGHTS_FILE), randomBytes(weights));
    await writeManifest(into);
  };
/** A process that finds what earlier ones left. */
const start = (options: Partial<Parameters<typeof createPreparedModels>[0]> = {}) =>
  createPreparedModels({ dir, maxBytes: 1e6, prepare: preparing(), ...options });
const standing = async (): Promise<string[]> =>
  (await readdir(dir)).filter((name) => name.endsWith('.prepared'));
const unfinished = async (): Promise<string[]> => {
  const folders = await readdir(join(dir, 'making'));
  return (await Promise.all(folders.map((name) => readdir(join(dir, 'making', name))))).flat();
};
const weightsOf = ({ path }: PreparedModel): string => join(dirname(path), WEIGHTS_FILE);
const made = (form: PreparedModel | undefined): PreparedModel => {
  if (!form) throw new Error('there is no prepared form');
  return form;
};

describe('making', () => {
  test('many who ask at once get one form, made once', async () => {
    const models = start();
    const all = await Promise.all(
      Array.from({ length: 20 }, () => models.make(digestOf('a'), '/a')),
    );
    expect(new Set(all.map((form) => made(form).path)).size).toBe(1);
    expect(prepared).toEqual(['/a']);
    expect(await readFile(made(all[0]).path, 'utf8')).toBe('graph of /a');
    expect(await unfinished()).toEqual([]);
  });

  test('one after the other, and not more than a few wait', async () => {
    let together = 0;
    let most = 0;
    const models = start({
      prepare: async (source, into) => {
        most = Math.max(most, ++together);
        await new Promise((resolve) => setTimeout(resolve, 5));
        await preparing()(source, into);
        together--;
      },
    });
    const all = await Promise.all(
      Array.from({ length: 9 }, (_, index) => models.make(digestOf(`${index}`), `/${index}`)),
    );
    expect(most).toBe(1);
    expect(all.filter((form) => form !== undefined)).toHaveLength(4);
  });

  test('a failure leaves nothing, and is tried again once', async () => {
    const models = start({
      prepare: async (source, into) => {
        prepared.push(source);
        await writeFile(join(into, GRAPH_FILE), 'half');
        throw new Error('no space left');
      },
    });
    for (let attempt = 0; attempt < 4; attempt++) {
      expect(await models.make(digestOf('a'), '/a')).toBeUndefined();
    }
    expect(prepared).toHaveLength(2);
    expect(await unfinished()).toEqual([]);
    expect(await standing()).toEqual([]);
    expect(await models.make(digestOf('b'), '/b')).toBeUndefined();
    expect(prepared).toHaveLength(3);
  });

  test('what a process left half done is not used, and goes', async () => {
    const key = await preparedKey(digestOf('a'));
    const left = join(dir, 'making', '2147483646-1', key); // no such process
    await mkdir(left, { recursive: true });
    await writeFile(join(left, GRAPH_FILE), 'half');
    const models = start();
    expect(await models.find(digestOf('a'))).toBeUndefined();
    const form = made(await models.make(digestOf('a'), '/a'));
    expect(await readFile(form.path, 'utf8')).toBe('graph of /a');
    expect(await readdir(join(dir, 'making'))).toHaveLength(1);
    expect(await unfinished()).toEqual([]);
  });
});

describe('finding', () => {
  test('what an earlier process made is found, for the same model alone', async () => {
    made(await start().make(digestOf('a'), '/a'));
    const models = start();
    expect(made(await models.find(digestOf('a'))).path).toContain(dir);
    expect(await models.find(digestOf('b'))).toBeUndefined();
    expect(prepared).toEqual(['/a']);
  });

  test.each([
    ['cut short', async (path: string) => truncate(path, 999)],
    ['gone', async (path: string) => rm(path)],
    [
      'changed in one bit',
      async (path: string) => {
        const bytes = await readFile(path);
        bytes[500] = (bytes[500] ?? 0) ^ 1;
        await writeFile(path, bytes);
      },
    ],
  ])('weights that are %s are made anew', async (_how, damage) => {
    const first = made(await start().make(digestOf('a'), '/a'));
    await damage(weightsOf(first));
    const models = start();
    expect(await models.find(digestOf('a'))).toBeUndefined();
    const second = made(await models.make(digestOf('a'), '/a'));
    expect(prepared).toHaveLength(2);
    expect(await readFile(weightsOf(second))).toHaveLength(1000);
    expect(made(await start().find(digestOf('a'))).path).toBe(second.path);
  });

  test('a form whose files were copied back is judged by its bytes', async () => {
    const form = made(await start().make(digestOf('a'), '/a'));
    const folder = dirname(form.path);
    await cp(folder, join(dir, 'copy'), { recursive: true });
    await rm(folder, { recursive: true });
    await rename(join(dir, 'copy'), folder);
    expect(made(await start().find(digestOf('a'))).path).toBe(form.path);
    await writeFile(weightsOf(form), randomBytes(1000));
    expect(await start().find(digestOf('a'))).toBeUndefined();
  });

  test('a manifest that names what it may not is none', async () => {
    const form = made(await start().make(digestOf('a'), '/a'));
    const files = [{ name: '../../elsewhere', bytes: 1, sha256: digestOf('x'), stamp: '' }];
    await writeFile(join(dirname(form.path), 'manifest.json'), JSON.stringify({ files }));
    expect(await start().find(digestOf('a'))).toBeUndefined();
  });

  test('damage while the process runs shows by the length', async () => {
    const models = start();
    const form = made(await models.make(digestOf('a'), '/a'));
    form.release();
    await truncate(weightsOf(form), 10);
    expect(await models.find(digestOf('a'))).toBeUndefined();
    expect(await standing()).toEqual([]);
  });
});

describe('the bound', () => {
  test('the form not used for longest goes, one in use never', async () => {
    const models = start({ maxBytes: 2_500 });
    const a = made(await models.make(digestOf('a'), '/a'));
    made(await models.make(digestOf('b'), '/b')).release();
    const c = made(await models.make(digestOf('c'), '/c'));
    expect(await models.find(digestOf('b'))).toBeUndefined();
    expect(await readFile(weightsOf(a))).toHaveLength(1000);
    // Both that stand are in use: there is no room for another.
    expect(await models.make(digestOf('d'), '/d')).toBeUndefined();
    a.release();
    expect(made(await models.make(digestOf('e'), '/e')).path).toContain(dir);
    expect(await readFile(weightsOf(c))).toHaveLength(1000);
    expect(await standing()).toHaveLength(2);
  });

  test('one larger than the whole bound is not kept', async () => {
    const models = start({ maxBytes: 900 });
    expect(await models.make(digestOf('a'), '/a')).toBeUndefined();
    expect(await standing()).toEqual([]);
  });

  test('a form that is discarded goes', async () => {
    const models = start();
    await made(await models.make(digestOf('a'), '/a')).discard();
    expect(await standing()).toEqual([]);
    expect(await models.find(digestOf('a'))).toBeUndefined();
  });
});
