import { randomUUID } from 'node:crypto';
import { mkdir, rename, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ServingError } from '../../errors.ts';
import type { Digest } from '../../ids.ts';
import type { ArtifactRef, ArtifactStore } from '../../ports/artifacts.ts';
import type { ModelFiles } from '../../ports/model-files.ts';
import { ColdStart } from '../../telemetry/cold-start.ts';
import { digestOfFile } from './digest-of-file.ts';
import { createDiskBudget, type DiskBudget } from './disk-budget.ts';
import { streamFile } from './file-stream.ts';
import { processFolder } from './process-folder.ts';

export interface ModelFilesOptions {
  /** Holds `{digest}.onnx` for each file, and unfinished downloads in folders of their own. */
  readonly dir: string;
  readonly artifacts: Pick<ArtifactStore, 'fetch'>;
  readonly maxBytes: number;
  readonly coldStart?: ColdStart;
}

/**
 * Keeps artifacts in `dir`, at most `maxBytes` together: the one not used for longest goes first,
 * one in use never. A file that stands from an earlier run is hashed before its first use.
 */
export function createModelFiles(options: ModelFilesOptions): ModelFiles {
  const { dir, artifacts, maxBytes, coldStart = new ColdStart(() => performance.now()) } = options;
  const downloads = processFolder(join(dir, 'downloads'));
  const verified = new Set<Digest>();
  const flights = new Map<string, Promise<void>>();
  let budget: Promise<DiskBudget> | undefined;

  const takeStock = (): Promise<DiskBudget> => {
    budget ??= mkdir(dir, { recursive: true }).then(() =>
      createDiskBudget({ dir, suffix: '.onnx', maxBytes }),
    );
    budget.catch(() => (budget = undefined));
    return budget;
  };

  /** True when the file stands and has been hashed by this process. */
  const stands = async (digest: Digest, path: string, bytes: number): Promise<boolean> => {
    const size = await stat(path).then(
      (found) => found.size,
      () => undefined,
    );
    if (size !== bytes) verified.delete(digest);
    else if (!verified.has(digest)) {
      const found = await coldStart.time('verify', () => digestOfFile(path));
      if (found === digest) verified.add(digest);
    }
    return verified.has(digest);
  };

  const bring = async (ref: ArtifactRef, path: string, bytes: number): Promise<void> => {
    if (await stands(ref.digest, path, bytes)) return;
    const download = join(await downloads(), randomUUID());
    if (!(await coldStart.time('download', () => artifacts.fetch(ref, download)))) {
      throw new ServingError({
        kind: 'damaged', // no fault of who asks: the registry says that it is there
        detail: `${ref.name} of model ${ref.model} with SHA-256 ${ref.digest}: not in storage`,
      });
    }
    await rename(download, path);
    verified.add(ref.digest);
  };

  /** However many ask for a ref at once, it is brought once. */
  const bringOnce = (ref: ArtifactRef, path: string, bytes: number): Promise<void> => {
    const key = `${ref.model}/${ref.incarnation}/${ref.digest}/${ref.name}`;
    let flight = flights.get(key);
    if (!flight) {
      flight = bring(ref, path, bytes).finally(() => flights.delete(key));
      flights.set(key, flight);
    }
    return flight;
  };

  return {
    async open(ref, bytes) {
      const path = join(dir, `${ref.digest}.onnx`);
      const files = await takeStock();
      await files.hold(ref.digest, bytes);
      try {
        await bringOnce(ref, path, bytes);
      } catch (error) {
        files.release(ref.digest);
        await files.discard(ref.digest);
        throw error;
      }
      let held = true;
      return {
        path,
        stream: (start, end) => streamFile(path, { start, end }),
        release() {
          if (held) files.release(ref.digest);
          held = false;
        },
      };
    },
  };
}
