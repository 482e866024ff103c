import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';

/** The key every emulator has. */
const ACCOUNT = 'devstoreaccount1';
const KEY =
  'Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==';

export interface Azurite {
  readonly connectionString: string;
  readonly blobPort: number;
  stop(): Promise<void>;
}

/** Starts the storage emulator on free ports, all in memory. @throws when it does not come up */
export async function startAzurite(): Promise<Azurite> {
  const home = await mkdtemp(join(tmpdir(), 'azurite-'));
  const require = createRequire(resolve('package.json'));
  const child = spawn(
    process.execPath,
    [
      require.resolve('azurite/dist/src/azurite.js'),
      '--inMemoryPersistence',
      '--skipApiVersionCheck',
      '--disableTelemetry',
      '--silent',
      ...['blob', 'queue', 'table'].flatMap((service) => [
        `--${service}Host`,
        '127.0.0.1',
        `--${service}Port`,
        '0',
      ]),
    ],
    { cwd: home, stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const { blob, queue } = await ports(child);
  return {
    connectionString: connectionString(blob, queue),
    blobPort: blob,
    async stop() {
      child.kill('SIGKILL');
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
      await rm(home, { recursive: true, force: true });
    },
  };
}

/** How to reach an emulator, or what stands before it, on these ports. */
export function connectionString(blobPort: number, queuePort: number): string {
  const at = (port: number) => `http://127.0.0.1:${port}/${ACCOUNT}`;
  return `DefaultEndpointsProtocol=http;AccountName=${ACCOUNT};AccountKey=${KEY};BlobEndpoint=${at(blobPort)};QueueEndpoint=${at(queuePort)};`;
}

async function ports(child: ChildProcess): Promise<{ blob: number; queue: number }> {
  const found = new Map<string, number>();
  if (!child.stdout) throw new Error('Azurite: no output to read its ports from');
  for await (const line of createInterface(child.stdout)) {
    const listening = /Azurite (Blob|Queue|Table) service is successfully listening at \S+:(\d+)/;
    const [, service, port] = listening.exec(line) ?? [];
    if (service) found.set(service, Number(port));
    const blob = found.get('Blob');
    const queue = found.get('Queue');
    if (found.size === 3 && blob && queue) return { blob, queue };
  }
  throw new Error('Azurite ended before it listened');
}
