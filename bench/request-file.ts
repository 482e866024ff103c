import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Tensor } from '../shared/protocol/tensor.ts';
import { type Encoding, inferRequest } from './request-bytes.ts';

/** Writes a request for the process that asks; its path. */
export async function writeRequest(
  folder: string,
  model: string,
  inputs: readonly Tensor[],
  encoding: Encoding,
): Promise<string> {
  const file = join(folder, `${model}.${encoding}`);
  await writeFile(file, inferRequest(model, inputs, encoding));
  return file;
}
