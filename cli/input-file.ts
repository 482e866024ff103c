import { readFile, stat } from 'node:fs/promises';
import { codeOf, messageOf, UsageError } from './failure.ts';

/** A file that the command line names, as it is now. */
export interface InputFile {
  readonly path: string;
  readonly bytes: number;
}

/** @throws UsageError unless it is a file that is there */
export async function inputFile(path: string): Promise<InputFile> {
  const found = await stat(path).catch((error: unknown) => {
    throw unreadable(path, error);
  });
  if (!found.isFile()) throw new UsageError(`${path}: expected a file`);
  return { path, bytes: found.size };
}

/** All of a file that is JSON, as text. @throws UsageError unless it is an object */
export async function jsonFile(path: string): Promise<Readonly<Record<string, unknown>>> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw unreadable(path, error);
  });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new UsageError(`${path}: expected JSON: ${messageOf(error)}`);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new UsageError(`${path}: expected a JSON object`);
  }
  return value as Readonly<Record<string, unknown>>;
}

function unreadable(path: string, error: unknown): UsageError {
  const why = codeOf(error) === 'ENOENT' ? 'there is no such file' : messageOf(error);
  return new UsageError(`${path}: ${why}`);
}
