// Bundles the app: split ES modules in dist/, one entry for each process or thread that runs.
import { mkdir, mkdtemp, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

export const entries = {
  main: 'functions/main.ts', // what Azure Functions loads
  worker: 'shared/adapters/onnx/worker.ts', // a thread that runs models
  examiner: 'shared/adapters/onnx/examiner.ts', // a process that looks at untrusted models
  local: 'local/main.ts', // the local host
  emulators: 'local/emulators.ts', // Azurite and the Cosmos emulator
  drop: 'local/drop.ts', // puts a model into the emulators' incoming/
  cli: 'cli/main.ts', // the command `pilotlight`
};

const ROOT = fileURLToPath(new URL('.', import.meta.url));

/**
 * Each entry is bundled apart: what two of them share stands in both, so that a process or thread
 * that starts reads one file for what it needs at once, and others only when it needs them.
 */
export async function bundle({ outdir = 'dist', only = Object.keys(entries) } = {}) {
  await rm(outdir, { recursive: true, force: true });
  const built = await Promise.all(only.map((name) => bundleEntry(name, outdir)));
  return { metafile: { outputs: Object.assign({}, ...built.map((one) => one.metafile.outputs)) } };
}

/**
 * Bundles one entry into dist/ and leaves what is there, which a host may be running. Its files
 * appear whole, one by one: it must be an entry of `SINGLE`. Works from any folder.
 */
export async function bundleBeside(name) {
  const dist = join(ROOT, 'dist');
  await mkdir(dist, { recursive: true });
  await mkdir(join(ROOT, 'out'), { recursive: true });
  const building = await mkdtemp(join(ROOT, 'out', `${name}-`));
  try {
    await bundleEntry(name, building);
    // Maps first: the entry is there when all is.
    const files = (await readdir(building)).sort().reverse();
    for (const file of files) await rename(join(building, file), join(dist, file));
  } finally {
    await rm(building, { recursive: true, force: true });
  }
}

/**
 * The runtime's JavaScript, thirty files, is bundled like any other; its native library stays where
 * it is, and is found when it is first needed.
 */
const runtimeBinding = {
  name: 'runtime-binding',
  setup(builder) {
    builder.onLoad(
      { filter: /[/\\]onnxruntime-node[/\\]dist[/\\]binding\.js$/ },
      async ({ path }) => {
        const text = await readFile(path, 'utf8');
        const contents = text.replace(
          'require(`../bin/napi-v6/${process.platform}/${process.arch}/onnxruntime_binding.node`)',
          "require(['onnxruntime-node/bin/napi-v6', process.platform, process.arch, 'onnxruntime_binding.node'].join('/'))",
        );
        if (contents === text)
          throw new Error(`${path}: expected to find where it requires its library`);
        return { contents };
      },
    );
  },
};

/** A thread that is CommonJS starts some ms sooner than an ES module. */
const COMMONJS = ['worker'];
/** One file, whatever it imports later. */
const SINGLE = ['worker', 'cli'];

function bundleEntry(name, outdir) {
  const isModule = !COMMONJS.includes(name);
  return build({
    entryPoints: { [name]: entries[name] },
    absWorkingDir: ROOT,
    outdir: resolve(outdir),
    bundle: true,
    splitting: !SINGLE.includes(name),
    chunkNames: `${name}-[name]-[hash]`,
    // Less to parse; names stay, so that stacks can be read without maps.
    minifySyntax: true,
    minifyWhitespace: true,
    format: isModule ? 'esm' : 'cjs',
    platform: 'node',
    target: 'node20',
    outExtension: { '.js': isModule ? '.mjs' : '.cjs' },
    sourcemap: 'linked',
    sourcesContent: false,
    // Two builds of one registry: what we register in one, the Functions library must find.
    alias: {
      '@azure/functions-extensions-base': resolve(
        ROOT,
        'node_modules/@azure/functions-extensions-base/dist/azure-functions-extensions-base.js',
      ),
    },
    plugins: [runtimeBinding],
    external: [
      '@azure/functions-core', // exists only inside the Functions worker, for require()
      'azurite', // emulators are for development and load only when used
      '@vercel/cosmosdb-server',
    ],
    // CommonJS inside an ES module bundle needs a require of its own.
    ...(isModule && {
      banner: {
        js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
      },
    }),
    logLevel: 'warning',
    metafile: true,
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await bundle();
