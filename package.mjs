// Makes out/pilotlight.zip: what Azure Functions (linux-x64) runs, and no more. The same sources make
// the same bytes. `--out FILE` names another zip; `--dir FOLDER` makes the same as a folder, and a zip
// only if it is asked for too.
import { createWriteStream, existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { parseArgs } from 'node:util';
import yazl from 'yazl';
import { bundle } from './build.mjs';

// Of every package's files only these are needed beside the bundle.
const RUNTIME_FILES = {
  'onnxruntime-node': [
    /^bin\/napi-v6\/linux\/x64\/(libonnxruntime\.so\.1|onnxruntime_binding\.node)$/,
  ],
};
/** What no other folder has. */
const NOTICES = 'THIRD-PARTY-NOTICES.txt';
const DATE = new Date(2020, 0, 1);

const { values } = parseArgs({ options: { out: { type: 'string' }, dir: { type: 'string' } } });
const out = values.out ?? (values.dir === undefined ? 'out/pilotlight.zip' : undefined);
const own = JSON.parse(await readFile('package.json', 'utf8'));
const building = await mkdtemp(join(tmpdir(), 'pilotlight-package-'));
try {
  const files = new Map([...(await bundledFiles()), ...(await runtimeFiles())]);
  files.set('host.json', await readFile('host.json'));
  files.set('LICENSE', await readFile('LICENSE'));
  files.set('package.json', json(pick(own, ['name', 'version', 'license', 'type', 'main'])));

  const unzipped = [...files.values()].reduce((sum, bytes) => sum + bytes.length, 0);
  if (values.dir !== undefined) {
    await folder(files, values.dir);
    console.log(`${values.dir}: ${megabytes(unzipped)}, ${files.size} files`);
  }
  if (out !== undefined) {
    const zipped = await zip(files, out);
    console.log(
      `${out}: ${megabytes(zipped)} zipped, ${megabytes(unzipped)} unzipped, ${files.size} files`,
    );
  }
} finally {
  await rm(building, { recursive: true, force: true });
}

/** dist/ for Azure, and the notices of everything that went into it or comes beside it. */
async function bundledFiles() {
  const outdir = join(building, 'dist');
  const { metafile } = await bundle({ outdir, only: ['main', 'worker', 'examiner'] });
  const files = new Map();
  for (const name of await readdir(outdir)) {
    if (!name.endsWith('.map')) files.set(`dist/${name}`, await readFile(join(outdir, name)));
  }
  const folders = new Set(Object.keys(RUNTIME_FILES).map((name) => `node_modules/${name}`));
  for (const output of Object.values(metafile.outputs)) {
    for (const [input, { bytesInOutput }] of Object.entries(output.inputs)) {
      const folder = /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(input)?.[0];
      if (folder && bytesInOutput > 0) folders.add(folder);
    }
  }
  files.set(NOTICES, await notices([...folders].sort()));
  return files;
}

async function runtimeFiles() {
  const files = new Map();
  for (const [name, wanted] of Object.entries(RUNTIME_FILES)) {
    const folder = join('node_modules', name);
    const manifest = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));
    const kept = pick(manifest, ['name', 'version', 'license', 'type', 'main', 'exports']);
    files.set(`node_modules/${name}/package.json`, json(kept));
    const present = await readdir(folder, { recursive: true });
    for (const pattern of wanted) {
      const matching = present.filter((file) => pattern.test(file));
      if (matching.length === 0) throw new Error(`${folder}: no file matches ${pattern}`);
      for (const file of matching) {
        files.set(`node_modules/${name}/${file}`, await readFile(join(folder, file)));
      }
    }
  }
  return files;
}

async function notices(folders) {
  const parts = [];
  for (const folder of folders) {
    const manifest = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));
    const texts = (await readdir(folder)).filter((file) =>
      /^(licen[cs]e|notice|copying)/i.test(file),
    );
    parts.push(`${manifest.name} ${manifest.version} (${manifest.license})\n`);
    for (const file of texts.sort()) {
      if (!(await stat(join(folder, file))).isFile()) continue;
      parts.push(`${(await readFile(join(folder, file), 'utf8')).trim()}\n`);
    }
    parts.push(`${'-'.repeat(78)}\n`);
  }
  return Buffer.from(parts.join('\n'));
}

/** The files as a folder, in place of what an earlier call has left there. */
async function folder(files, out) {
  const target = resolve(out);
  // Only a package is replaced: a wrong path must not cost anybody a folder.
  if (existsSync(target) && !existsSync(join(target, NOTICES)) && (await readdir(target))[0]) {
    throw new Error(`${out}: expected no folder, an empty one or an earlier package`);
  }
  const temporary = join(dirname(target), `.${basename(target)}.${process.pid}`);
  for (const [name, bytes] of files) {
    await mkdir(join(temporary, dirname(name)), { recursive: true });
    await writeFile(join(temporary, name), bytes);
  }
  // Left out of the zips that are made of it; while there is one, azd leaves node_modules in.
  await writeFile(join(temporary, '.funcignore'), 'local.settings.json\n');
  await rm(target, { recursive: true, force: true });
  await rename(temporary, target);
}

async function zip(files, out) {
  const archive = new yazl.ZipFile();
  for (const name of [...files.keys()].sort()) {
    archive.addBuffer(files.get(name), name, {
      mtime: DATE,
      mode: 0o100644,
      forceDosTimestamp: true,
    });
  }
  archive.end();
  await mkdir(dirname(out), { recursive: true });
  // Beside its final name and then renamed: a reader never sees half a package.
  const temporary = join(dirname(out), `.${basename(out)}.${process.pid}`);
  await pipeline(archive.outputStream, createWriteStream(temporary));
  await rename(temporary, out);
  return (await stat(out)).size;
}

function pick(source, names) {
  return Object.fromEntries(
    names.flatMap((name) => (name in source ? [[name, source[name]]] : [])),
  );
}

function json(value) {
  return Buffer.from(`${JSON.stringify(value, null, 2)}\n`);
}

function megabytes(bytes) {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
