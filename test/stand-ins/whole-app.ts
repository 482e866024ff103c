import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { MemoryArtifacts } from '../../shared/adapters/memory/artifacts.ts';
import type { MemoryMessages } from '../../shared/adapters/memory/messages.ts';
import { type App, compose } from '../../shared/compose.ts';
import { parseConfig } from '../../shared/config.ts';
import { createMemoryStores } from '../memory-stores.ts';

export interface WholeApp {
  readonly app: App;
  readonly artifacts: MemoryArtifacts;
  readonly messages: MemoryMessages;
  /** Closes the app and removes its local files. */
  close(): Promise<void>;
}

/** The whole app with storage, registry and queues in memory; models are examined and run for real. */
export async function createWholeApp(
  env: Readonly<Record<string, string>> = {},
): Promise<WholeApp> {
  const dist = process.env.PILOTLIGHT_TEST_DIST;
  if (!dist) throw new Error('PILOTLIGHT_TEST_DIST: not set; the global setup bundles into it');
  const scratchDir = await mkdtemp(join(tmpdir(), 'pilotlight-app-'));
  const config = parseConfig({
    PILOTLIGHT_STORAGE: 'in memory',
    PILOTLIGHT_COSMOS: 'in memory',
    PILOTLIGHT_SCRATCH_DIR: scratchDir,
    PILOTLIGHT_VCPUS: '1',
    // jest's realm has arrays of its own, which the runtime doesn't know.
    PILOTLIGHT_MAX_INLINE_RUN_MS: '0',
    ...env,
  });
  const stores = createMemoryStores();
  const { artifacts, messages } = stores;
  const app = compose(config, { dist: pathToFileURL(`${dist}/`), stores });
  return {
    app,
    artifacts,
    messages,
    async close() {
      await app.close();
      await rm(scratchDir, { recursive: true, force: true });
    },
  };
}
