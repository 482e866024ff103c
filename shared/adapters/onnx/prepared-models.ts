import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Digest } from '../../ids.ts';
import { ColdStart } from '../../telemetry/cold-start.ts';
import { createDiskBudget, type DiskBudget } from '../disk/disk-budget.ts';
import { processFolder } from '../disk/process-folder.ts';
import { isIntact, preparedKey, readManifest } from './prepared-form.ts';
import { GRAPH_FILE } from './serving-options.ts';

/** A prepared form on local disk; it stays there until every holder has released it. */
export interface PreparedModel {
  /** Its graph; the weights lie beside it. */
  readonly path: string;
  /** Gives the hold up; again is no error. */
  release(): void;
  /** Gives the hold up and removes it: it turned out to be of no use. */
  discard(): Promise<void>;
}

/** What of the engine's models stands prepared on this instance. None of it ever throws. */
export interface PreparedModels {
  /** The prepared form, checked byte for byte once a process, and held; undefined when none stands. */
  find(model: Digest): Promise<PreparedModel | undefined>;
  /**
   * Finds or makes it: once however many ask, one after the other. Undefined when that failed, or
   * too many wait for theirs.
   */
  make(model: Digest, source: string): Promise<PreparedModel | undefined>;
}

export interface PreparedModelsOptions {
  /** Holds a folder for each form, and unfinished ones in folders of their own. */
  readonly dir: string;
  readonly maxBytes: number;
  /** Leaves the prepared form of `source`, its manifest included, in the folder `into`. */
  readonly prepare: (source: string, into: string) => Promise<void>;
  readonly coldStart?: ColdStart;
}

const SUFFIX = '.prepared';
/** A model that failed, or ended its process, so often is left as it is on this instance. */
const MAX_ATTEMPTS = 2;
/** Whoever finds so many before it does without: a model waits for its form in all threads but one. */
const MAX_WAITING = 4;

/** Keeps prepared forms in `dir`, at most `maxBytes` together: the one not used for longest goes first. */
export function createPreparedModels(options: PreparedModelsOptions): PreparedModels {
  const { dir, maxBytes, prepare, coldStart = new ColdStart(() => performance.now()) } = options;
  const making = processFolder(join(dir, 'making'));
  const checked = new Set<Digest>();
  const finds = new Map<Digest, Promise<boolean>>();
  const makes = new Map<Digest, Promise<void>>();
  let last: Promise<void> = Promise.resolve();
  let budget: Promise<DiskBudget> | undefined;

  const folderOf = (key: Digest): string => join(dir, `${key}${SUFFIX}`);
  const takeStock = (): Promise<DiskBudget> => {
    budget ??= making().then(() => createDiskBudget({ dir, suffix: SUFFIX, maxBytes }));
    budget.catch(() => (budget = undefined));
    return budget;
  };

  const heldForm = (forms: DiskBudget, key: Digest): PreparedModel => {
    let held = true;
    const release = (): void => {
      if (held) forms.release(key);
      held = false;
    };
    return {
      path: join(folderOf(key), GRAPH_FILE),
      release,
      async discard() {
        release();
        checked.delete(key);
        await forms.discard(key);
      },
    };
  };

  const find = async (key: Digest): Promise<PreparedModel | undefined> => {
    const manifest = await readManifest(folderOf(key));
    if (!manifest) return undefined;
    const forms = await takeStock();
    await forms.hold(
      key,
      manifest.files.reduce((sum, { bytes }) => sum + bytes, 0),
    );
    const form = heldForm(forms, key);
    let look = finds.get(key);
    if (!look) {
      look = coldStart
        .time('verify', () => isIntact(folderOf(key), manifest, { contents: !checked.has(key) }))
        .finally(() => finds.delete(key));
      finds.set(key, look);
    }
    if (await look) {
      checked.add(key);
      return form;
    }
    await form.discard();
    return undefined;
  };

  const make = async (key: Digest, source: string): Promise<void> => {
    if (!(await mayTry(dir, key))) return;
    const into = join(await making(), key);
    try {
      await rm(into, { recursive: true, force: true });
      await mkdir(into);
      await prepare(source, into);
      const manifest = await readManifest(into);
      if (!manifest) throw new Error('it left no manifest');
      const forms = await takeStock();
      await forms.hold(
        key,
        manifest.files.reduce((sum, { bytes }) => sum + bytes, 0),
      );
      try {
        await rm(folderOf(key), { recursive: true, force: true });
        await rename(into, folderOf(key));
      } catch (error) {
        forms.release(key);
        await forms.discard(key);
        throw error;
      }
      forms.release(key);
      checked.add(key); // what was hashed is what was written a moment ago
      await rm(attemptsFile(dir, key), { force: true });
    } finally {
      await rm(into, { recursive: true, force: true });
    }
  };

  /** However many ask for a form at once, it is made once; only one is in the making. */
  const makeOnce = (key: Digest, source: string): Promise<void> => {
    const known = makes.get(key);
    if (known) return known;
    if (makes.size >= MAX_WAITING) return Promise.resolve();
    const mine = last.then(() => make(key, source)).finally(() => makes.delete(key));
    makes.set(key, mine);
    last = mine.catch(() => undefined);
    return mine;
  };

  const findQuietly = async (model: Digest): Promise<PreparedModel | undefined> => {
    try {
      return await find(await preparedKey(model));
    } catch {
      // Without it the model serves as it is.
      return undefined;
    }
  };

  return {
    find: findQuietly,
    async make(model, source) {
      const found = await findQuietly(model);
      if (found) return found;
      try {
        await makeOnce(await preparedKey(model), source);
      } catch {
        return undefined;
      }
      return await findQuietly(model);
    },
  };
}

function attemptsFile(dir: string, key: Digest): string {
  return join(dir, `${key}.attempts`);
}

/** Counts the attempt before it is made: one that takes the process with it is counted too. */
async function mayTry(dir: string, key: Digest): Promise<boolean> {
  const file = attemptsFile(dir, key);
  const before = Number(await readFile(file, 'utf8').catch(() => '0'));
  if (before >= MAX_ATTEMPTS) return false;
  await mkdir(dir, { recursive: true });
  await writeFile(file, String(before + 1));
  return true;
}
