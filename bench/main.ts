import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { messageOf } from '../shared/errors.ts';
import { buildRevision, buildTree } from './builds.ts';
import { Child } from './child.ts';
import { describeMachine } from './machine.ts';
import { measure } from './measurements.ts';
import { parseOptions, USAGE } from './options.ts';
import { picture } from './picture.ts';
import type { Build } from './project.ts';
import { report } from './report.ts';
import { LARGE, WORKLOADS } from './workloads.ts';

const MODELS_DIR = 'out/bench/models';
const RESULTS_FILE = 'out/bench/results.json';
const PICTURE_FILE = 'docs/bench.svg';

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

async function main(): Promise<void> {
  const options = parseOptions(process.argv.slice(2));
  if (!options) {
    process.stdout.write(USAGE);
    return;
  }
  for (const { file } of [...WORKLOADS, LARGE]) {
    if (existsSync(join(MODELS_DIR, file))) continue;
    throw new Error(`${join(MODELS_DIR, file)} is not there; \`npm run bench:models\` builds it`);
  }
  const folder = await mkdtemp(join(tmpdir(), 'pilotlight-bench-builds-'));
  try {
    const builds: [Build, ...Build[]] = [await buildTree()];
    if (options.compare) builds.push(await buildRevision(options.compare, folder));
    const machine = await describeMachine();
    const results = await measure({
      options,
      machine,
      builds,
      modelsDir: MODELS_DIR,
      say,
      found: async (soFar) => {
        await writeFile(RESULTS_FILE, `${JSON.stringify(soFar, null, 2)}\n`);
      },
    });
    process.stdout.write(`${report(results)}\n`);
    if (options.svg) await writeFile(PICTURE_FILE, picture(results));
    if (results.failed.length > 0) process.exitCode = 1;
  } finally {
    await Child.stopAll();
    await rm(folder, { recursive: true, force: true });
  }
}

process.on('SIGINT', () => {
  Child.interrupt();
});
process.on('SIGTERM', () => {
  Child.interrupt();
});
try {
  await main();
} catch (error) {
  process.stderr.write(`error: ${messageOf(error)}\n`);
  process.exitCode = 1;
}
