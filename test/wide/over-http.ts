import { readFile } from 'node:fs/promises';
import { messageOf } from '../../shared/errors.ts';
import type { Tensor } from '../../shared/protocol/tensor.ts';
import { register } from '../journeys/client.ts';
import { type Case, type Exchange, readExchanges } from './onnx-cases.ts';
import { firstDifference } from './tensor-difference.ts';
import { binaryRequest, jsonRequest, readBinary, readJson } from './wire.ts';

const IN_FLIGHT = 6;

/** Why a case failed, by its name; undefined where it passed. */
export type Outcome = ReadonlyMap<string, string | undefined>;

/** Registers every case's model at a running host and sends its inputs in binary and in JSON. */
export async function serveAll(
  url: string,
  cases: readonly Case[],
): Promise<{ binary: Outcome; json: Outcome }> {
  const binary = new Map<string, string | undefined>();
  const json = new Map<string, string | undefined>();
  const queue = [...cases];
  const work = async () => {
    for (let next = queue.shift(); next; next = queue.shift()) {
      const found = await serve(url, next);
      binary.set(next.name, found.binary);
      json.set(next.name, found.json);
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, work));
  return { binary, json };
}

async function serve(
  url: string,
  entry: Case,
): Promise<{ binary: string | undefined; json: string | undefined }> {
  let exchanges: Exchange[];
  const model = entry.name.replace('/', '.').toLowerCase();
  try {
    exchanges = readExchanges(entry);
    const { status, document } = await register(url, model, await readFile(entry.modelFile));
    if (status !== 201) throw new Error(`registering: ${status} ${JSON.stringify(document)}`);
  } catch (error) {
    return { binary: messageOf(error), json: messageOf(error) };
  }
  const endpoint = `${url}/v2/models/${model}/infer`;
  return {
    binary: await failureOf(exchanges, (inputs) => inferBinary(endpoint, inputs)),
    json: await failureOf(exchanges, (inputs) => inferJson(endpoint, inputs)),
  };
}

async function failureOf(
  exchanges: readonly Exchange[],
  infer: (inputs: readonly Tensor[]) => Promise<Tensor[]>,
): Promise<string | undefined> {
  try {
    for (const { inputs, outputs } of exchanges) {
      const found = firstDifference(await infer(inputs), outputs);
      if (found) return found;
    }
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}

async function inferJson(endpoint: string, inputs: readonly Tensor[]): Promise<Tensor[]> {
  const response = await fetch(endpoint, { method: 'POST', body: jsonRequest(inputs) });
  const text = await response.text();
  if (!response.ok) throw new Error(`${response.status} ${text}`);
  return readJson(text);
}

async function inferBinary(endpoint: string, inputs: readonly Tensor[]): Promise<Tensor[]> {
  const { body, headerLength } = binaryRequest(inputs);
  const response = await fetch(endpoint, {
    method: 'POST',
    headers: { 'inference-header-content-length': String(headerLength) },
    body: Uint8Array.from(body),
  });
  const answer = Buffer.from(await response.arrayBuffer());
  if (!response.ok) throw new Error(`${response.status} ${answer.toString()}`);
  // Without a binary output (none asked for, or no outputs) the answer is JSON.
  const length = response.headers.get('inference-header-content-length');
  return length === null ? readJson(answer.toString()) : readBinary(answer, Number(length));
}
