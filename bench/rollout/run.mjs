// Bundles the simulation of rollouts and starts it.
import { build } from 'esbuild';

const outdir = 'out/bench/rollout';
await build({
  entryPoints: ['simulate', 'thread'].map((name) => `bench/rollout/${name}.ts`),
  outdir,
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  outExtension: { '.js': '.mjs' },
  logLevel: 'warning',
});
await import(`../../${outdir}/simulate.mjs`);
