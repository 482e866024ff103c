import { copyFile, cp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const WORKER = 'worker.cjs';

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
  await rename(join(dist, WORKER), join(dist, `living-${WORKER}`));
  await copyFile('test/wide/stress/mortal-worker.mjs', join(dist, 'mortal-worker.mjs'));
  // In one go: a message in between would be seen by one of them alone.
  const both = `import './living-${WORKER}';\nimport './mortal-worker.mjs';\n`;
  await writeFile(join(dist, 'both.mjs'), both);
  await writeFile(join(dist, WORKER), "import('./both.mjs');\n");
  await writeFile(join(dist, 'deaths'), '');
  return {
    dist,
    deaths: async () => (await readFile(join(dist, 'deaths'))).byteLength,
    remove: () => rm(dist, { recursive: true, force: true }),
  };
}
