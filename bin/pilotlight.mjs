#!/usr/bin/env node
// The command `pilotlight`. In a clone it is bundled when it is first used, and again after its
// sources have changed; an installed package brings the bundle.
import { readdirSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const bundled = new URL('../dist/cli.mjs', import.meta.url);
const sources = fileURLToPath(new URL('../cli', import.meta.url));

if (isStale()) await rebuild();
await import(bundled.href);

async function rebuild() {
  try {
    const { bundleBeside } = await import('../build.mjs');
    await bundleBeside('cli');
  } catch (error) {
    // Without what bundles it, the bundle that is there will do.
    if (modified(bundled) !== undefined) return;
    const isMissing = error.code === 'ERR_MODULE_NOT_FOUND';
    const what = isMissing ? 'run `npm ci` first' : error.message;
    process.stderr.write(`pilotlight: could not be bundled: ${what}\n`);
    process.exit(1);
  }
}

function isStale() {
  const built = modified(bundled);
  if (built === undefined) return true;
  if (modified(sources) === undefined) return false;
  return readdirSync(sources, { recursive: true }).some(
    (name) => modified(`${sources}/${name}`) > built,
  );
}

/** When a file was last changed; undefined when there is none. */
function modified(file) {
  return statSync(file, { throwIfNoEntry: false })?.mtimeMs;
}
