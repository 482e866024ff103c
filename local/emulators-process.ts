import { randomUUID } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { messageOf } from '../shared/errors.ts';
import { type Emulator, startBlobs, startQueues } from './azurite.ts';
import { claimAfter, lastClaim } from './claim.ts';
import { startCosmos } from './cosmos-emulator.ts';
import { connectionsOf, type EmulatorPorts, STANDARD_PORTS } from './emulator-endpoints.ts';
import { askForLease } from './lease.ts';
import { LeaseServer } from './lease-server.ts';
import { provision } from './provision.ts';
import { Unused } from './unused.ts';

// A killed host's successor usually comes within seconds and then needs no start.
const GRACE_MS = 5_000;
const FIRST_HOST_MS = 30_000;
const PROBE_MS = 30_000;

/**
 * Runs the emulators of `folder` until they are no longer wanted and everything is saved; answers
 * the exit code. `hosted`: on free ports, until the last host is gone, and another process that
 * holds the folder is no error. Otherwise on the standard ports, until SIGINT.
 */
export async function runEmulators(settings: {
  readonly folder: string;
  readonly hosted: boolean;
}): Promise<number> {
  const folder = resolve(settings.folder);
  await mkdir(folder, { recursive: true });

  const end = new Wish();
  const unused = new Unused(() => {
    end.make();
  }, GRACE_MS);
  const token = randomUUID();
  const leases: LeaseServer = new LeaseServer(token, {
    changed: () => {
      if (settings.hosted) unused.usedBy(leases.hosts);
    },
    end: () => {
      end.make();
    },
  });
  const port = await leases.listen();
  const before = await lastClaim(folder);
  if (before && (await lives(before))) return taken(before.pid, folder, settings.hosted);
  if (!(await claimAfter(before, folder, { pid: process.pid, port, token }))) {
    return taken(undefined, folder, settings.hosted);
  }

  // A slip of an emulator must not take what it holds with it.
  process.on('unhandledRejection', (reason) => {
    say(`emulators: ${messageOf(reason)}`);
  });
  process.on('uncaughtException', (error) => {
    say(`emulators: ${error.stack ?? error.message}`);
  });
  process.once('SIGINT', () => {
    end.make();
  });
  process.once('SIGTERM', () => {
    end.make();
  });

  let emulators: Emulator[] | undefined;
  try {
    emulators = await startAll(folder, settings.hosted ? undefined : STANDARD_PORTS);
    const ports = portsOf(emulators);
    await provision(connectionsOf(ports));
    leases.ready(ports);
    // Since the claim stands hosts may have come, and gone.
    if (settings.hosted) unused.expectFirst(FIRST_HOST_MS);
    say(`emulators: blobs ${ports.blob}, queues ${ports.queue}, Cosmos ${ports.cosmos}`);
    await end.made;
  } catch (error) {
    leases.failed(messageOf(error));
    if (emulators) await closeAll(emulators);
    await leases.close();
    throw error;
  }
  leases.ending();
  await closeAll(emulators);
  say('emulators: saved and ended');
  await leases.close();
  return 0;
}

async function lives(claim: Parameters<typeof askForLease>[0]): Promise<boolean> {
  const asked = await askForLease(claim, PROBE_MS);
  if (asked.kind === 'held') asked.lease.release();
  return asked.kind === 'held' || asked.kind === 'silent';
}

function taken(pid: number | undefined, folder: string, hosted: boolean): number {
  if (hosted) return 0;
  say(
    `${folder}: its emulators run already${pid === undefined ? '' : ` (process ${pid})`}; stop what uses them, or name another folder with --data-dir`,
  );
  return 1;
}

/** In the order blobs, queues, Cosmos; all or none. */
async function startAll(folder: string, ports: EmulatorPorts | undefined): Promise<Emulator[]> {
  const azurite = join(folder, 'azurite');
  const starts = [
    startBlobs({ folder: azurite, port: ports?.blob ?? 0 }),
    startQueues({ folder: azurite, port: ports?.queue ?? 0 }),
    startCosmos({ file: join(folder, 'cosmos.json'), port: ports?.cosmos ?? 0, log: say }),
  ];
  const settled = await Promise.allSettled(starts);
  const failed = settled.find((outcome) => outcome.status === 'rejected');
  const started = settled.flatMap((outcome) =>
    outcome.status === 'fulfilled' ? [outcome.value] : [],
  );
  if (!failed) return started;
  await closeAll(started);
  throw explained(failed.reason);
}

function portsOf([blob, queue, cosmos]: readonly Emulator[]): EmulatorPorts {
  return { blob: blob?.port ?? 0, queue: queue?.port ?? 0, cosmos: cosmos?.port ?? 0 };
}

/** Each saves, whatever becomes of the others. @throws what the first failed of */
export async function closeAll(emulators: readonly Pick<Emulator, 'close'>[]): Promise<void> {
  const closed = await Promise.allSettled(emulators.map((emulator) => emulator.close()));
  const failed = closed.find((outcome) => outcome.status === 'rejected');
  if (failed) throw failed.reason;
}

function explained(reason: unknown): unknown {
  const { code, port } = reason as { code?: string; port?: number };
  if (code !== 'EADDRINUSE') return reason;
  return new Error(`port ${port ?? '?'} is taken; stop what listens there`, { cause: reason });
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** Something that is asked for once. */
class Wish {
  readonly made: Promise<void>;
  #make: () => void = () => undefined;
  constructor() {
    this.made = new Promise((done) => {
      this.#make = done;
    });
  }
  make(): void {
    this.#make();
  }
}
