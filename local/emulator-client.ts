import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, open, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Claim, lastClaim } from './claim.ts';
import { connectionsOf, type EmulatorConnections } from './emulator-endpoints.ts';
import { askForLease, type Lease } from './lease.ts';

const START_MS = 60_000;
const LOOK_AGAIN_MS = 20;

/** The emulators of a data folder, held by this process until it ends or gives them back. */
export interface HeldEmulators extends EmulatorConnections {
  /** Resolves when they are gone, whoever ended them. */
  readonly lost: Promise<void>;
  /** Gives them back; they save and end some seconds after their last host. */
  release(): void;
  /** Has them save and end at once; false when other hosts use them (the hold is kept). */
  end(): Promise<boolean>;
}

/**
 * Joins the emulators that run for `folder`, or starts them in a process of their own that outlives
 * this one. `entry` is the bundled process (`emulators.mjs`). @throws Error why they don't run
 */
export async function holdEmulators(settings: {
  readonly folder: string;
  readonly entry: string;
}): Promise<HeldEmulators> {
  const folder = resolve(settings.folder);
  await mkdir(folder, { recursive: true });
  const giveUpAt = Date.now() + START_MS;
  let child: EmulatorsChild | undefined;
  while (Date.now() < giveUpAt) {
    const lease = await leaseOf(folder, giveUpAt);
    if (lease) return held(lease);
    // One that ends with 0 found another that was first.
    if (!child || child.exitCode === 0) child = await startChild(settings.entry, folder);
    else if (child.exitCode !== undefined) throw new Error(await child.explain());
    await Promise.race([child.exited, sleep(LOOK_AGAIN_MS)]);
  }
  throw new Error(`${folder}: its emulators did not start within ${START_MS / 1000} seconds`);
}

/**
 * Has the emulators of `folder` save and end, if any run; false when hosts use them.
 * @throws Error when those that run don't answer
 */
export async function endEmulators(folder: string, waitMs = START_MS): Promise<boolean> {
  const claim = await lastClaim(resolve(folder));
  const asked = claim && (await askForLease(claim, waitMs));
  if (asked?.kind === 'silent') throw unanswered(folder, claim);
  return asked?.kind === 'held' ? await asked.lease.end() : true;
}

function unanswered(folder: string, claim: Claim | undefined): Error {
  return new Error(
    `${folder}: its emulators (process ${claim?.pid ?? '?'}) don't answer; end that process and try again`,
  );
}

/** Undefined when no process holds the folder now. */
async function leaseOf(folder: string, giveUpAt: number): Promise<Lease | undefined> {
  const claim = await lastClaim(folder);
  if (!claim) return undefined;
  const asked = await askForLease(claim, giveUpAt - Date.now());
  switch (asked.kind) {
    case 'held':
      return asked.lease;
    case 'failed':
      throw new Error(`the emulators did not start: ${asked.why}`);
    case 'silent':
      throw unanswered(folder, claim);
    case 'dead':
    case 'ended':
      return undefined;
  }
}

function held(lease: Lease): HeldEmulators {
  return {
    ...connectionsOf(lease.ports),
    lost: lease.lost,
    release: () => {
      lease.release();
    },
    end: () => lease.end(),
  };
}

interface EmulatorsChild {
  /** Undefined while it runs. */
  readonly exitCode: number | undefined;
  readonly exited: Promise<unknown>;
  /** Why it ended, from its log. */
  explain(): Promise<string>;
}

/** A session of its own keeps the terminal's Ctrl-C and the host's end away from it. */
async function startChild(entry: string, folder: string): Promise<EmulatorsChild> {
  const path = join(folder, 'emulators.log');
  const log = await open(path, 'a');
  const begin = (await log.stat()).size;
  const child = spawn(process.execPath, [entry, '--hosted', '--data-dir', folder], {
    detached: true,
    stdio: ['ignore', log.fd, log.fd],
  });
  const exited = once(child, 'exit').catch(() => undefined);
  child.unref();
  await log.close();
  return {
    get exitCode() {
      return child.exitCode ?? (child.signalCode === null ? undefined : 1);
    },
    exited,
    async explain() {
      const said = (await readFile(path)).subarray(begin).toString('utf8').trim();
      return `the emulators did not start: ${said || `their process ended with ${child.exitCode ?? child.signalCode}`}`;
    },
  };
}
