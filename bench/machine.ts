import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { availableParallelism, cpus, totalmem } from 'node:os';
import { treeRevision } from './builds.ts';
import type { Machine } from './results.ts';

/** What the figures were measured on. */
export async function describeMachine(): Promise<Machine> {
  const manifest = createRequire(import.meta.url).resolve('onnxruntime-node/package.json');
  const { version } = JSON.parse(await readFile(manifest, 'utf8')) as { version: string };
  return {
    cpu: cpus()[0]?.model ?? 'unknown CPU',
    cpus: availableParallelism(),
    memoryBytes: totalmem(),
    node: process.versions.node,
    onnxruntime: version,
    revision: await treeRevision(),
  };
}
