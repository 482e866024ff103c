// Bundles the benchmark and starts it: each entry is a process or a thread of its own.
import { build } from 'esbuild';

const outdir = 'out/bench/bin';
await build({
  entryPoints: [
    ...['main', 'load', 'bare', 'bare-thread', 'bare-start', 'naive', 'empty', 'probe'],
    'ingestion',
  ].map((name) => `bench/${name}.ts`),
  outdir,
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  outExtension: { '.js': '.mjs' },
  external: ['onnxruntime-node', 'esbuild'],
  logLevel: 'warning',
});
await import(`../${outdir}/main.mjs`);
