import { rm } from 'node:fs/promises';

export default async function teardown() {
  await rm(process.env.PILOTLIGHT_TEST_DIST, { recursive: true, force: true });
}
