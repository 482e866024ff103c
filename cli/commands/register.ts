import { type Document, textAt } from '../document.ts';
import { CommandFailure, Refusal } from '../failure.ts';
import { type InputFile, inputFile, jsonFile } from '../input-file.ts';
import { multipart, type Part } from '../multipart.ts';
import { USUAL } from '../retrying.ts';
import type { Server } from '../server.ts';
import type { Globals, Terminal } from '../terminal.ts';
import { duration } from '../text-forms.ts';
import type { Body } from '../transport.ts';
import { upload } from '../upload.ts';

export interface RegisterOptions {
  readonly model: string;
  readonly card?: string;
  readonly evaluation?: string;
  /** Seconds to wait for the verdict. */
  readonly wait: number;
}

/** What one request may bring; the rest is for the form around the files. */
const MAX_BODY_BYTES = 100_000_000 - 10_000;
/** The most that a server waits within one request. */
const MAX_PREFER_SECONDS = 60;
const POLL_MS = 1_000;

/** `register FILE`: makes an ONNX file a version of a model. */
export async function register(
  server: Server,
  globals: Globals,
  file: string,
  options: RegisterOptions,
): Promise<void> {
  const { terminal, json } = globals;
  const asked = terminal.now();
  const model = await inputFile(file);
  const card = options.card === undefined ? undefined : await jsonFile(options.card);
  const evaluation =
    options.evaluation === undefined ? undefined : await inputFile(options.evaluation);
  const body = await content(server, globals, { model, card, evaluation });
  const versions = `/models/${encodeURIComponent(options.model)}/versions`;
  const wait = Math.min(options.wait, MAX_PREFER_SECONDS);
  const first = await server.call({
    method: 'POST',
    path: versions,
    headers: { 'content-type': body.contentType, ...(wait > 0 && { prefer: `wait=${wait}` }) },
    body: body.body,
    // The same file, card and evaluation again are the same version.
    patience: USUAL,
  });
  const version = textAt(first.document, 'version') ?? '?';
  const document = await decided(server, terminal, {
    document: first.document,
    path: `${versions}/${version}`,
    until: asked + options.wait * 1_000,
  });
  const state = textAt(document, 'state');
  if (state === 'rejected') {
    const why = `model ${options.model} version ${version} was rejected: ${textAt(document, 'reason') ?? ''}`;
    throw new Refusal(why, { status: 422, document });
  }
  if (state !== 'ready' && options.wait > 0) {
    throw new CommandFailure(
      `${options.model} version ${version} is ${state ?? 'undecided'} after ${duration(options.wait)}; \`pilotlight models ${options.model}\` tells when it is ready`,
    );
  }
  if (json) {
    await terminal.write(`${JSON.stringify(document)}\n`);
    return;
  }
  await terminal.write(`${options.model} version ${version} is ${state ?? 'registered'}\n`);
}

async function content(
  server: Server,
  globals: Globals,
  given: { model: InputFile; card: Document | undefined; evaluation: InputFile | undefined },
): Promise<{ contentType: string; body: Body }> {
  const { model, card, evaluation } = given;
  const cardText = card && JSON.stringify(card);
  const bytes = model.bytes + (evaluation?.bytes ?? 0) + Buffer.byteLength(cardText ?? '');
  if (bytes <= MAX_BODY_BYTES) {
    const parts: Part[] = [
      { name: 'model', file: model },
      ...(cardText === undefined ? [] : [{ name: 'card', json: cardText }]),
      ...(evaluation ? [{ name: 'evaluation', file: evaluation }] : []),
    ];
    return multipart(parts);
  }
  const blob = await upload(server, globals, model);
  const references = {
    blob,
    ...(card && { card }),
    ...(evaluation && { evaluation: { blob: await upload(server, globals, evaluation) } }),
  };
  return { contentType: 'application/json', body: Buffer.from(JSON.stringify(references)) };
}

/** The version's document once it is decided, or as it is when the time is over. */
async function decided(
  server: Server,
  terminal: Terminal,
  asked: { document: Document; path: string; until: number },
): Promise<Document> {
  let { document } = asked;
  const isPending = () => /^(?:pending|validating)$/.test(textAt(document, 'state') ?? '');
  while (isPending() && terminal.now() < asked.until) {
    await terminal.sleep(POLL_MS);
    document = await server.get(asked.path);
  }
  return document;
}
