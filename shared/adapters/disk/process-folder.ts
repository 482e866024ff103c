import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';

const NAME = /^([1-9][0-9]*)-[0-9]+$/;

/**
 * A folder below `root` that is this process's own. The first call makes it and removes the folders
 * of processes that have ended, so that a crash leaves nothing for longer than until the next start.
 */
export function processFolder(root: string): () => Promise<string> {
  let made: Promise<string> | undefined;
  return () => {
    made ??= make(root);
    made.catch(() => (made = undefined));
    return made;
  };
}

async function make(root: string): Promise<string> {
  // The start time tells this process from an earlier one that had its number.
  const name = `${process.pid}-${Math.round(performance.timeOrigin)}`;
  await mkdir(join(root, name), { recursive: true });
  for (const other of await readdir(root)) {
    const pid = Number(NAME.exec(other)?.[1]);
    if (other === name || Number.isNaN(pid)) continue;
    if (pid === process.pid || !isAlive(pid)) {
      await rm(join(root, other), { recursive: true, force: true });
    }
  }
  return join(root, name);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
