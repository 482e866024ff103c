import { execFile } from 'node:child_process';
import { mkdir, readFile, symlink } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import type { Build } from './project.ts';
import { OURS } from './results.ts';

const run = promisify(execFile);

/** Bundles the working tree, apart from `dist/`: that may be built anew while this one runs. */
export async function buildTree(): Promise<Build> {
  const dist = resolve('out/bench/dist');
  await bundle('.', dist);
  return { name: OURS, dist };
}

/** Bundles a commit in `folder`, with the packages of the working tree. */
export async function buildRevision(revision: string, folder: string): Promise<Build> {
  const name = await git('rev-parse', '--short', '--verify', `${revision}^{commit}`);
  const root = join(folder, name);
  const archive = `${root}.tar`;
  await mkdir(root, { recursive: true });
  await git('archive', '--output', archive, name);
  await run('tar', ['-xf', archive, '-C', root]);
  await symlink(resolve('node_modules'), join(root, 'node_modules'));
  if ((await packagesIn(root)) !== (await packagesIn('.'))) {
    process.stderr.write(`warning: ${name} locks other packages than those that are installed\n`);
  }
  await bundle(root, join(root, 'dist'));
  return { name, dist: join(root, 'dist') };
}

/** The commit of the working tree, and whether there is more than that. */
export async function treeRevision(): Promise<string> {
  const commit = await git('rev-parse', '--short', 'HEAD');
  const changes = await git('status', '--porcelain', '--untracked-files=no');
  return changes === '' ? commit : `${commit} with changes`;
}

async function bundle(root: string, outdir: string): Promise<void> {
  const script = pathToFileURL(resolve(root, 'build.mjs')).href;
  const code = `const { bundle } = await import(${JSON.stringify(script)}); await bundle({ outdir: ${JSON.stringify(outdir)} });`;
  // A process of its own: a build works in the folder it is started in.
  await run(process.execPath, ['--input-type=module', '--eval', code], { cwd: root });
}

async function packagesIn(root: string): Promise<string> {
  return await readFile(join(root, 'package-lock.json'), 'utf8');
}

async function git(...args: string[]): Promise<string> {
  return (await run('git', args)).stdout.trim();
}
