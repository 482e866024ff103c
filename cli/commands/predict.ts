import { readFile } from 'node:fs/promises';
import { documentsAt, textAt } from '../document.ts';
import { codeOf, messageOf, UsageError } from '../failure.ts';
import { parseAnswer, withoutTokens } from '../infer-answer.ts';
import { binaryRequestHeader, inferRequest } from '../infer-request.ts';
import { USUAL } from '../retrying.ts';
import type { Server } from '../server.ts';
import type { Globals, Terminal } from '../terminal.ts';
import { tensorText } from './models.ts';

export interface PredictOptions {
  /** A number or an alias. */
  readonly version?: string;
  /** A file, `-` for standard input, or JSON. */
  readonly input: string;
  /** The input is the bytes of the model's one tensor. */
  readonly binary?: boolean;
}

/** `predict MODEL`: asks a model. */
export async function predict(
  server: Server,
  { terminal, json }: Globals,
  model: string,
  { version, input, binary }: PredictOptions,
): Promise<void> {
  const at = `/v2/models/${encodeURIComponent(model)}`;
  const path = version === undefined ? at : `${at}/versions/${encodeURIComponent(version)}`;
  const given = await readInput(terminal, input);
  const metadata = () => server.get(path);
  const request = binary
    ? withHeader(binaryRequestHeader(given.byteLength, await metadata()), given)
    : { headers: {}, body: Buffer.from(await inferRequest(textOf(given), metadata)) };
  const { text } = await server.text({
    method: 'POST',
    path: `${path}/infer`,
    headers: { 'content-type': 'application/json', ...request.headers },
    body: request.body,
    // Asking twice is the same as asking once.
    patience: USUAL,
  });
  if (json) {
    await terminal.write(`${withoutTokens(text)}\n`);
    return;
  }
  const answer = parseAnswer(text);
  terminal.say(`${model} version ${textAt(answer, 'model_version') ?? '?'}`);
  for (const output of documentsAt(answer, 'outputs')) {
    await terminal.write(`${tensorText(output)}: ${JSON.stringify(output.data)}\n`);
  }
}

function withHeader(header: string, bytes: Uint8Array) {
  const json = Buffer.from(header);
  return {
    headers: {
      'content-type': 'application/octet-stream',
      'inference-header-content-length': String(json.byteLength),
    },
    body: Buffer.concat([json, bytes]),
  };
}

async function readInput({ stdin }: Terminal, input: string): Promise<Uint8Array> {
  if (input === '-') {
    const chunks: Uint8Array[] = [];
    for await (const chunk of stdin) chunks.push(chunk);
    return Buffer.concat(chunks);
  }
  if (/^\s*[[{]/.test(input)) return Buffer.from(input);
  try {
    return await readFile(input);
  } catch (error) {
    const why = codeOf(error) === 'ENOENT' ? 'there is no such file' : messageOf(error);
    throw new UsageError(`--input: ${input}: ${why}; expected a file, - or JSON`);
  }
}

function textOf(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new UsageError('--input: expected JSON in UTF-8; --binary sends the bytes of a tensor');
  }
}
