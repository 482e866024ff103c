import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { messageOf } from '../shared/errors.ts';

// Drops a model into `incoming/` of the emulators, as `az storage blob upload` does on Azure.

const USAGE = `Usage: npm run drop -- MODEL FILE.onnx [--card FILE] [--evaluation FILE] [--folder NAME]

Puts the files into incoming/MODEL/NAME/ of the emulators that \`npm start\` uses (DATA_DIR, default
.pilotlight), the model last. NAME is the time by default, so that each drop has a folder of its own.
`;

class UsageError extends Error {}

interface Drop {
  readonly model: string;
  readonly folder: string;
  /** By the name that it gets there, in the order of their uploads. */
  readonly files: readonly (readonly [name: string, path: string])[];
}

/** Undefined when help was asked for. @throws UsageError */
function parseDrop(args: readonly string[], now: Date): Drop | undefined {
  let parsed: ReturnType<typeof parseFlags>;
  try {
    parsed = parseFlags(args);
  } catch (error) {
    throw new UsageError(messageOf(error), { cause: error });
  }
  const { values, positionals } = parsed;
  if (values.help) return undefined;
  const [model, file, ...rest] = positionals;
  if (model === undefined || file === undefined || rest.length > 0) {
    throw new UsageError(
      `expected a model and one file, got ${positionals.join(' ') || 'nothing'}`,
    );
  }
  if (!file.endsWith('.onnx')) throw new UsageError(`expected a file *.onnx, got ${file}`);
  const { card, evaluation, folder } = values;
  return {
    model,
    folder: folder ?? now.toISOString().replaceAll(/[:.]/g, '-'),
    files: [
      ...(card === undefined ? [] : [['card.json', card] as const]),
      ...(evaluation === undefined ? [] : [['evaluation.csv', evaluation] as const]),
      [basename(file), file],
    ],
  };
}

function parseFlags(args: readonly string[]) {
  return parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      card: { type: 'string' },
      evaluation: { type: 'string' },
      folder: { type: 'string' },
      help: { type: 'boolean' },
    },
  });
}

async function drop({ model, folder, files }: Drop): Promise<void> {
  const contents = await Promise.all(files.map(([, path]) => readFile(path)));
  const { holdEmulators } = await import('./emulator-client.ts');
  const emulators = await holdEmulators({
    folder: process.env.DATA_DIR || '.pilotlight',
    entry: fileURLToPath(new URL('emulators.mjs', import.meta.url)),
  });
  const { BlobServiceClient } = await import('@azure/storage-blob');
  const incoming = BlobServiceClient.fromConnectionString(emulators.storage).getContainerClient(
    'incoming',
  );
  for (const [i, [name]] of files.entries()) {
    const path = `${model}/${folder}/${name}`;
    await incoming.getBlockBlobClient(path).uploadData(contents[i] ?? Buffer.alloc(0));
    process.stdout.write(`incoming/${path}\n`);
  }
  emulators.release();
}

async function main(): Promise<number> {
  try {
    const wanted = parseDrop(process.argv.slice(2), new Date());
    if (wanted) await drop(wanted);
    else process.stdout.write(USAGE);
    return 0;
  } catch (error) {
    process.stderr.write(`error: ${messageOf(error)}\n`);
    if (!(error instanceof UsageError)) return 1;
    process.stderr.write(USAGE);
    return 2;
  }
}

process.exit(await main());
