// Bundles the benchmark and starts it: each entry is a process or a thread of its own.
import { build } from 'esbuild';

const outdir = 'out/bench/bin';
await build({
  entryPoints: [
    ...['main', 'load', 'bare', 'bare-thread', 'bare-start', 'naive', 'empty', 'probe'],
    ...['ingestion', 'twin'],
  ].map((name) => `bench/${name}.ts`),
  outdir,
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  outExtension: { '.js': '.mjs' },
  external: ['onnxruntime-node', 'esbuild'],
  // CommonJS inside an ES module bundle needs a require of its own.
  banner: {
    js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
  },
  logLevel: 'warning',
});
await import(`../${outdir}/main.mjs`);
