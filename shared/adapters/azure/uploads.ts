import { randomBytes } from 'node:crypto';
import type { BlobServiceClient, UserDelegationKey } from '@azure/storage-blob';
import type { Config } from '../../config.ts';
import type { Uploads } from '../../ports/uploads.ts';
import { safeName } from '../upload-name.ts';
import { blobService } from './clients.ts';
import { storageFailure } from './storage-failure.ts';

const MINUTE_MS = 60_000;
/** How long a file may be put to its URL. */
const GRANT_MS = 60 * MINUTE_MS;
/** A delegation key signs for as long as this, and is asked for again when too little is left. */
const KEY_MS = 6 * 60 * MINUTE_MS;
/** Clocks differ. */
const SKEW_MS = 5 * MINUTE_MS;
const TIMEOUT_MS = 30_000;

export interface AzureUploadsOptions {
  readonly storage: Config['storage'];
  readonly connect?: (storage: Config['storage']) => Promise<BlobServiceClient>;
}

/**
 * Places in the container `uploads`, by shared access signatures that let one blob be created and
 * written, and nothing else. Signed by a delegation key of the app's identity, or by the account's
 * key where a connection string has it (the emulator).
 */
export function createAzureUploads({
  storage,
  connect = blobService,
}: AzureUploadsOptions): Uploads {
  let connected: Promise<BlobServiceClient> | undefined;
  const service = (): Promise<BlobServiceClient> => {
    connected ??= connect(storage).then(async (client) => {
      await client.getContainerClient('uploads').createIfNotExists(timeLimit());
      return client;
    });
    connected.catch(() => (connected = undefined));
    return connected;
  };

  let delegated: { readonly key: Promise<UserDelegationKey>; readonly until: number } | undefined;
  const delegationKey = (now: number): Promise<UserDelegationKey> => {
    if (!delegated || delegated.until < now + GRANT_MS) {
      const until = now + KEY_MS;
      const key = service().then((client) =>
        client.getUserDelegationKey(new Date(now - SKEW_MS), new Date(until), timeLimit()),
      );
      key.catch(() => (delegated = undefined));
      delegated = { key, until };
    }
    return delegated.key;
  };

  return {
    async grant(name, now) {
      const within = `${randomBytes(16).toString('hex')}/${safeName(name)}`;
      const expiresAt = now + GRANT_MS;
      try {
        const { BlobSASPermissions, SASProtocol } = await import('@azure/storage-blob');
        const blob = (await service()).getContainerClient('uploads').getBlockBlobClient(within);
        const options = {
          permissions: BlobSASPermissions.parse('cw'),
          expiresOn: new Date(expiresAt),
          protocol: blob.url.startsWith('https:') ? SASProtocol.Https : SASProtocol.HttpsAndHttp,
        };
        const url =
          storage.kind === 'connectionString'
            ? await blob.generateSasUrl(options)
            : await blob.generateUserDelegationSasUrl(options, await delegationKey(now));
        return { blob: `uploads/${within}`, url, expiresAt };
      } catch (error) {
        throw storageFailure(error, 'granting an upload');
      }
    },
  };
}

function timeLimit(): { abortSignal: AbortSignal } {
  return { abortSignal: AbortSignal.timeout(TIMEOUT_MS) };
}
