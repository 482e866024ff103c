import { link, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Who runs the emulators of a data folder, as its file `emulators-{turn}.json` says. */
export interface Claim {
  readonly pid: number;
  /** Where the process takes leases. */
  readonly port: number;
  /** What the process says when it is asked who it is; another one on that port says otherwise. */
  readonly token: string;
  /** Counts the processes that have held the folder. */
  readonly turn: number;
}

const FILE = /^emulators-([0-9]{1,15})\.json$/;

/** The last process to have claimed the folder, dead or alive; undefined when there was none. */
export async function lastClaim(folder: string): Promise<Claim | undefined> {
  for (;;) {
    const turn = Math.max(...(await turns(folder)));
    if (turn <= 0) return undefined;
    let text: string;
    try {
      text = await readFile(fileOf(folder, turn), 'utf8');
    } catch (error) {
      // Removed since it was listed: a later one stands.
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') continue;
      throw error;
    }
    return { ...parseClaim(text), turn };
  }
}

/**
 * Takes the turn after `last`; false when another process was first. The file appears complete or
 * not at all, and the last one is never removed: two processes that find the same dead one can't
 * both follow it.
 */
export async function claimAfter(
  last: Claim | undefined,
  folder: string,
  claim: Omit<Claim, 'turn'>,
): Promise<boolean> {
  const turn = (last?.turn ?? 0) + 1;
  const draft = join(folder, `.claim-${claim.token}`);
  await writeFile(draft, JSON.stringify(claim));
  try {
    await link(draft, fileOf(folder, turn));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    await rm(draft, { force: true });
  }
  const standing = await turns(folder);
  // Others may have come and gone since `last` was looked at, and their files with them.
  if (Math.max(...standing) > turn) {
    await rm(fileOf(folder, turn), { force: true });
    return false;
  }
  for (const earlier of standing) {
    if (earlier > 0 && earlier < turn) await rm(fileOf(folder, earlier), { force: true });
  }
  return true;
}

/** A machine that lost its power may leave an empty file: that process is dead, so nobody answers. */
function parseClaim(text: string): Omit<Claim, 'turn'> {
  try {
    const { pid, port, token } = JSON.parse(text) as Record<string, unknown>;
    if (Number.isInteger(pid) && Number.isInteger(port) && typeof token === 'string') {
      return { pid: Number(pid), port: Number(port), token };
    }
  } catch {
    // The same as one that says something else.
  }
  return { pid: 0, port: 0, token: '' };
}

async function turns(folder: string): Promise<number[]> {
  const names = await readdir(folder);
  return [0, ...names.map((name) => Number(FILE.exec(name)?.[1] ?? 0))];
}

function fileOf(folder: string, turn: number): string {
  return join(folder, `emulators-${turn}.json`);
}
