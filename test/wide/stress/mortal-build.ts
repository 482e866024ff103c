import { copyFile, cp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** The bundled app, but for its model threads, which die every few seconds of their own accord. */
export interface MortalBuild {
  readonly dist: string;
  /** How many threads have died by now. */
  deaths(): Promise<number>;
  remove(): Promise<void>;
}

export async function mortalBuild(): Promise<MortalBuild> {
  const living = process.env.PILOTLIGHT_TEST_DIST;
  if (!living) throw new Error('PILOTLIGHT_TEST_DIST: not set; the global setup bundles into it');
  // Beside it: the bundle finds its packages from where it lies.
  const dist = `${living}-mortal`;
  await cp(living, dist, { recursive: true });
  await rename(join(dist, 'worker.cjs'), join(dist, 'living-worker.cjs'));
  await copyFile('test/wide/stress/mortal-worker.mjs', join(dist, 'mortal-worker.mjs'));
  await writeFile(join(dist, 'worker.cjs'), "import('./mortal-worker.mjs');");
  await writeFile(join(dist, 'deaths'), '');
  return {
    dist,
    deaths: async () => (await readFile(join(dist, 'deaths'))).byteLength,
    remove: () => rm(dist, { recursive: true, force: true }),
  };
}
