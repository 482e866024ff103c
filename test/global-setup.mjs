// Threads and child processes run bundled code: one fresh bundle serves the whole test run, in a
// folder of its own so that two runs don't disturb each other.
import { resolve } from 'node:path';
import { bundle } from '../build.mjs';

export default async function setup() {
  const dist = resolve('out', `test-${process.pid}`);
  await bundle({ outdir: dist });
  process.env.PILOTLIGHT_TEST_DIST = dist;
}
