import { randomBytes } from 'node:crypto';
import type { Clock } from '../../ports/clock.ts';
import type { Uploads } from '../../ports/uploads.ts';
import { safeName } from '../upload-name.ts';

const GRANT_MS = 3_600_000;
const ORIGIN = 'https://memory.invalid';

/** Uploads in memory, for tests; `request` is what the storage behind a granted URL would answer. */
export interface MemoryUploads extends Uploads {
  request(method: string, url: string, body?: Uint8Array): number;
}

/** `uploads` are the blobs, by their name within the container. */
export function createMemoryUploads({
  uploads,
  clock,
}: {
  uploads: Map<string, Uint8Array>;
  clock: Clock;
}): MemoryUploads {
  const granted = new Map<string, { readonly name: string; readonly expiresAt: number }>();
  return {
    grant(name, now) {
      const within = `${randomBytes(16).toString('hex')}/${safeName(name)}`;
      const expiresAt = now + GRANT_MS;
      const url = `${ORIGIN}/uploads/${within}?sig=${randomBytes(8).toString('hex')}`;
      granted.set(url, { name: within, expiresAt });
      return Promise.resolve({ blob: `uploads/${within}`, url, expiresAt });
    },
    request(method, url, body = new Uint8Array()) {
      const grant = granted.get(url);
      if (!grant || grant.expiresAt <= clock() || method !== 'PUT') return 403;
      uploads.set(grant.name, body);
      return 201;
    },
  };
}
