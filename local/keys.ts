import { randomBytes, randomUUID } from 'node:crypto';
import { chmod, link, mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ROLES, type Role } from '../functions/caller.ts';

export type Keys = Readonly<Record<Role, string>>;

const KEY_BYTES = 32;
const OWNER_ONLY = 0o600;

/** Where the key of a role stands. */
function keyFile(dataDir: string, role: Role): string {
  return join(dataDir, 'keys', role.toLowerCase());
}

/** What lets a `curl` call with that key, without showing it. */
export function keyOption(dataDir: string, role: Role): string {
  const file = keyFile(dataDir, role);
  const inShell = /^[\w./-]+$/.test(file) ? file : `'${file.replaceAll("'", `'\\''`)}'`;
  return `-H "x-functions-key: $(cat ${inShell})"`;
}

/**
 * The host's keys, one file a role that only its owner may read; made when they are missing.
 * @throws Error that names a file that holds no key
 */
export async function readKeys(dataDir: string): Promise<Keys> {
  await mkdir(join(dataDir, 'keys'), { recursive: true, mode: 0o700 });
  const keys: Partial<Record<Role, string>> = {};
  for (const role of ROLES) keys[role] = await readKey(keyFile(dataDir, role));
  return keys as Keys;
}

async function readKey(file: string): Promise<string> {
  const text = await readFile(file, 'utf8').catch(() => undefined);
  if (text === undefined) await makeKey(file);
  else if (((await stat(file)).mode & 0o077) !== 0) await chmod(file, OWNER_ONLY);
  const key = (text ?? (await readFile(file, 'utf8'))).trim();
  if (/^[A-Za-z0-9_-]{32,256}$/.test(key)) return key;
  throw new Error(
    `${file}: expected 32 to 256 letters, digits, "_" and "-"; remove the file, and the next start makes a key`,
  );
}

/** Whole or not at all; a host that was first on the same folder keeps its own. */
async function makeKey(file: string): Promise<void> {
  const fresh = `${file}.${randomUUID()}.new`;
  const key = randomBytes(KEY_BYTES).toString('base64url');
  await writeFile(fresh, `${key}\n`, { mode: OWNER_ONLY, flag: 'wx' });
  try {
    await link(fresh, file);
  } catch (error) {
    if ((error as { code?: unknown }).code !== 'EEXIST') throw error;
  } finally {
    await rm(fresh, { force: true });
  }
}
