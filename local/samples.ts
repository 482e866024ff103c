import { existsSync } from 'node:fs';
import { readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { exampleCurl, metadataSchema } from './example-request.ts';

/** A sample model that is there to be asked. */
export interface Sample {
  readonly model: string;
  readonly url: string;
  /** Works when pasted into a shell. */
  readonly curl: string;
}

interface Server {
  readonly base: string;
  /** Of every request. */
  readonly headers: Readonly<Record<string, string>>;
}

const WAIT_SECONDS = 60;
const marks = z.array(z.string());

/**
 * Registers the models of `folder` over the public interface at `base`, each once: `marker` keeps
 * which have been, so that one that was deleted stays deleted. Answers those that can be asked;
 * `say` hears of those that can't.
 */
export async function registerSamples(settings: {
  readonly base: string;
  readonly folder: string;
  readonly marker: string;
  /** A publisher's, where callers need one. */
  readonly key?: string | undefined;
  readonly say: (line: string) => void;
}): Promise<Sample[]> {
  const { base, folder, marker, key, say } = settings;
  const server: Server = { base, headers: key === undefined ? {} : { 'x-functions-key': key } };
  const known = new Set(await readMarker(marker));
  const entries = await readdir(folder, { withFileTypes: true });
  const models = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  const samples = await Promise.all(
    models.map(async (model) => {
      const files = join(folder, model);
      if (!known.has(model)) {
        const problem = await register(server, model, files);
        if (problem) say(`warning: sample ${model}: ${problem}`);
        else known.add(model);
      }
      return await describe(server, model, files);
    }),
  );
  await writeMarker(marker, [...known]);
  return samples.filter((sample) => sample !== undefined);
}

/** Why it is not ready; undefined when it is. */
async function register(
  { base, headers }: Server,
  model: string,
  files: string,
): Promise<string | undefined> {
  const form = new FormData();
  const parts = { model: 'model.onnx', card: 'card.json', evaluation: 'evaluation.csv' };
  for (const [part, file] of Object.entries(parts)) {
    const path = join(files, file);
    if (existsSync(path)) form.set(part, new Blob([await readFile(path)]), file);
  }
  const response = await fetch(`${base}/models/${model}/versions`, {
    method: 'POST',
    headers: { ...headers, prefer: `wait=${WAIT_SECONDS}` },
    body: form,
  });
  const text = await response.text();
  if (response.status === 200 || response.status === 201) return undefined;
  if (response.status === 202) return `not validated within ${WAIT_SECONDS} seconds`;
  return `expected 201, got ${response.status} ${text}`;
}

async function describe(
  { base, headers }: Server,
  model: string,
  files: string,
): Promise<Sample | undefined> {
  const url = `${base}/v2/models/${model}`;
  const response = await fetch(url, { headers });
  const answer: unknown = await response.json();
  if (!response.ok) return undefined;
  const evaluation = join(files, 'evaluation.csv');
  const csv = existsSync(evaluation) ? await readFile(evaluation, 'utf8') : undefined;
  return { model, url, curl: exampleCurl(url, metadataSchema.parse(answer), csv) };
}

async function readMarker(file: string): Promise<string[]> {
  if (!existsSync(file)) return [];
  return marks.parse(JSON.parse(await readFile(file, 'utf8')));
}

async function writeMarker(file: string, models: readonly string[]): Promise<void> {
  const fresh = `${file}.${process.pid}.new`;
  await writeFile(fresh, JSON.stringify(models));
  await rename(fresh, file);
}
