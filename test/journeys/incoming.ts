import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { BlobServiceClient, type ContainerClient } from '@azure/storage-blob';
import { type HeldEmulators, holdEmulators } from '../../local/emulator-client.ts';
import type { RunningHost } from './running-host.ts';

/** The container that models are dropped into, of a host's emulators. */
export interface Incoming {
  /** Puts files into a folder, in the order given: the model last. */
  drop(folder: string, files: Readonly<Record<string, Uint8Array | string>>): Promise<void>;
  /** A blob's JSON, once it is there and `when` likes it. */
  json<T>(path: string, when?: (document: T) => boolean): Promise<T>;
  release(): void;
}

export async function openIncoming({ dataDir }: RunningHost): Promise<Incoming> {
  const emulators: HeldEmulators = await holdEmulators({
    folder: dataDir,
    entry: join(process.env.PILOTLIGHT_TEST_DIST ?? '', 'emulators.mjs'),
  });
  const container: ContainerClient = BlobServiceClient.fromConnectionString(
    emulators.storage,
  ).getContainerClient('incoming');
  return {
    async drop(folder, files) {
      for (const [name, content] of Object.entries(files)) {
        const bytes = Buffer.from(content);
        await container.getBlockBlobClient(`${folder}/${name}`).uploadData(bytes);
      }
    },
    async json<T>(path: string, when: (document: T) => boolean = () => true) {
      const blob = container.getBlockBlobClient(path);
      for (;;) {
        if (await blob.exists()) {
          const document = JSON.parse((await blob.downloadToBuffer()).toString('utf8')) as T;
          if (when(document)) return document;
        }
        await sleep(200);
      }
    },
    release: emulators.release.bind(emulators),
  };
}
