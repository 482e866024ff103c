// Bundles the simulation of scaling and starts it.
import { build } from 'esbuild';

const outfile = 'out/bench/scaling/main.mjs';
await build({
  entryPoints: ['bench/scaling/main.ts'],
  outfile,
  bundle: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  logLevel: 'warning',
});
await import(`../../${outfile}`);
