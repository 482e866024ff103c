import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';

/** An emulated service in this process. */
export interface Emulator {
  readonly port: number;
  /** Takes no more requests and resolves when everything is on disk. */
  close(): Promise<void>;
}

interface Placement {
  /** An existing or new folder of its own. */
  readonly folder: string;
  /** 0: any free one. */
  readonly port: number;
}

const HOST = '127.0.0.1';
// Seconds; clients keep their connections longer than Azurite's own 5 s and would meet closed ones.
const KEEP_ALIVE_SECONDS = 600;

/** Azurite's blob service, its data in `folder`. Rejects with the system's error, such as EADDRINUSE. */
export async function startBlobs(placement: Placement): Promise<Emulator> {
  await silenceTelemetry(placement.folder);
  const { default: configuration } = await import('azurite/dist/src/blob/BlobConfiguration.js');
  const { default: server } = await import('azurite/dist/src/blob/BlobServer.js');
  return await started(
    new server.default(new configuration.default(...(await settings(placement, 'blob')))),
  );
}

/** Azurite's queue service, its data in `folder`. Rejects with the system's error. */
export async function startQueues(placement: Placement): Promise<Emulator> {
  await silenceTelemetry(placement.folder);
  const { default: configuration } = await import('azurite/dist/src/queue/QueueConfiguration.js');
  const { default: server } = await import('azurite/dist/src/queue/QueueServer.js');
  return await started(
    new server.default(new configuration.default(...(await settings(placement, 'queue')))),
  );
}

/** Azurite takes its settings by position; the files' names are those of its command line. */
async function settings(
  { folder, port }: Placement,
  service: 'blob' | 'queue',
): Promise<readonly unknown[]> {
  await mkdir(folder, { recursive: true });
  const extents = {
    locationId: 'Default',
    locationPath: join(folder, `__${service}storage__`),
    maxConcurrency: service === 'blob' ? 50 : 1,
  };
  const [accessLog, accessLogStream, debugLog, debugLogFile] = [false, undefined, false, undefined];
  const [loose, skipApiVersionCheck] = [false, true];
  return [
    HOST,
    port,
    KEEP_ALIVE_SECONDS,
    join(folder, `__azurite_db_${service}__.json`),
    join(folder, `__azurite_db_${service}_extent__.json`),
    [extents],
    accessLog,
    accessLogStream,
    debugLog,
    debugLogFile,
    loose,
    skipApiVersionCheck,
  ];
}

async function started(server: {
  start(): Promise<void>;
  close(): Promise<void>;
  getHttpServerAddress(): string;
}): Promise<Emulator> {
  await server.start();
  return {
    port: Number(new URL(server.getHttpServerAddress()).port),
    close: () => server.close(),
  };
}

/** It reports to its makers unless told not to. */
async function silenceTelemetry(folder: string): Promise<void> {
  const { default: telemetry } = await import('azurite/dist/src/common/Telemetry.js');
  telemetry.AzuriteTelemetryClient.init(folder, false);
}
