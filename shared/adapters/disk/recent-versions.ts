import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { KnownVersion, RecentVersions } from '../../ports/known-versions.ts';

/** To be raised when `KnownVersion` changes: what an older process wrote is then passed over. */
const FORMAT = 'pilotlight recent versions 2';

/**
 * Keeps them in `file`: a line with the format and the SHA-256 of what follows, then JSON. A file
 * that is damaged, of another format or not there holds nothing.
 */
export function createRecentVersions(file: string): RecentVersions {
  return {
    async read() {
      try {
        const text = await readFile(file, 'utf8');
        const end = text.indexOf('\n');
        const json = text.slice(end + 1);
        // Its digest says that we wrote it, so it is what we write.
        return text.slice(0, end) === headOf(json) ? (JSON.parse(json) as KnownVersion[]) : [];
      } catch {
        return [];
      }
    },

    async write(versions) {
      const json = JSON.stringify(versions);
      const draft = `${file}.${process.pid}`;
      await mkdir(dirname(file), { recursive: true });
      try {
        await writeFile(draft, `${headOf(json)}\n${json}`);
        await rename(draft, file);
      } catch (error) {
        await rm(draft, { force: true });
        throw error;
      }
    },
  };
}

function headOf(json: string): string {
  return `${FORMAT} ${createHash('sha256').update(json).digest('hex')}`;
}
