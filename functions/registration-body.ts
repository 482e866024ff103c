import * as z from 'zod';
import type { App } from '../shared/compose.ts';
import { ServingError } from '../shared/errors.ts';
import { evaluationFileCheck } from '../shared/evaluation/evaluation-file.ts';
import { quoted } from '../shared/ids.ts';
import type { SpooledFile } from '../shared/ports/model-files.ts';
import type { Card } from '../shared/registry/card.ts';
import type { Content } from '../shared/usecases/register-model.ts';
import { readJson } from './body.ts';
import { bodyChunks } from './body-chunks.ts';
import { MAX_CARD_BYTES, parseCard, parseCardText } from './card.ts';
import { readMultipart } from './multipart.ts';
import type { Request } from './trigger.ts';

/** What a registration's body holds. */
export interface RegistrationBody {
  readonly content: Content;
  readonly card: Card;
  readonly evaluation?: Content | undefined;
  /** Removes what was received from local disk. */
  readonly discard: () => Promise<void>;
}

const MAX_JSON_BYTES = 2 * MAX_CARD_BYTES;
const blob = z.string().min(1).max(2048);
const references = z.strictObject({
  blob,
  card: z.unknown().optional(),
  evaluation: z.strictObject({ blob }).optional(),
});

type Deps = Pick<App, 'spool' | 'config'>;

/**
 * Receives a registration in any of its three forms. Nothing stays on disk when it fails.
 * @throws ServingError `malformed`, `unsupportedMedia`, `tooLarge`, `overloaded`
 */
export async function readRegistration(deps: Deps, request: Request): Promise<RegistrationBody> {
  const encoding = request.headers.get('content-encoding');
  if (encoding !== null && encoding.trim().toLowerCase() !== 'identity') {
    throw unsupported(`Content-Encoding: expected none, got ${quoted(encoding)}`);
  }
  const contentType = request.headers.get('content-type') ?? '';
  switch (contentType.split(';', 1)[0]?.trim().toLowerCase()) {
    case 'application/octet-stream':
      return await readFile(deps, request);
    case 'multipart/form-data':
      return await readForm(deps, request, contentType);
    case 'application/json':
      return await readReferences(request);
    default:
      throw unsupported(
        `Content-Type: expected application/octet-stream (the ONNX file), multipart/form-data (parts model, card, evaluation) or application/json (blob), got ${quoted(contentType)}`,
      );
  }
}

async function readFile({ spool, config }: Deps, request: Request): Promise<RegistrationBody> {
  const { maxBodyBytes: maxBytes } = config;
  const file = await spool.write(bodyChunks(request, maxBytes), { what: 'model', maxBytes });
  if (file.bytes === 0) {
    await file.discard();
    throw malformed('body: expected the ONNX file, got nothing');
  }
  return { content: { kind: 'file', file }, card: {}, discard: () => file.discard() };
}

async function readReferences(request: Request): Promise<RegistrationBody> {
  const wanted = { schema: references, what: 'body', maxBytes: MAX_JSON_BYTES };
  const body = await readJson(request, wanted);
  return {
    content: { kind: 'blob', blob: body.blob },
    card: body.card === undefined ? {} : parseCard(body.card),
    evaluation: body.evaluation && { kind: 'blob', blob: body.evaluation.blob },
    discard: () => Promise.resolve(),
  };
}

async function readForm(
  { spool, config }: Deps,
  request: Request,
  contentType: string,
): Promise<RegistrationBody> {
  const { maxBodyBytes: maxBytes } = config;
  const seen = new Set<string>();
  const files: { model?: SpooledFile; evaluation?: SpooledFile } = {};
  let card: Card = {};

  const discard = async (): Promise<void> => {
    await Promise.all([files.model?.discard(), files.evaluation?.discard()]);
  };
  const take = async (name: string, bytes: AsyncIterable<Uint8Array>): Promise<void> => {
    if (seen.has(name)) throw malformed(`part ${quoted(name)}: expected once, came again`);
    seen.add(name);
    if (name === 'card') {
      card = parseCardText(await gather(bytes));
    } else if (name === 'model') {
      files.model = await spool.write(bytes, { what: 'part model', maxBytes });
      if (files.model.bytes === 0)
        throw malformed('part model: expected the ONNX file, got nothing');
    } else if (name === 'evaluation') {
      const check = evaluationFileCheck('part evaluation');
      files.evaluation = await spool.write(bytes, { what: 'part evaluation', maxBytes, check });
    } else {
      throw malformed(`part ${quoted(name)}: expected only model, card and evaluation`);
    }
  };

  try {
    await readMultipart(bodyChunks(request, maxBytes), contentType, take);
    if (!files.model) throw malformed('part model: expected the ONNX file, there is no such part');
  } catch (error) {
    await discard();
    throw error;
  }
  return {
    content: { kind: 'file', file: files.model },
    card,
    evaluation: files.evaluation && { kind: 'file', file: files.evaluation },
    discard,
  };
}

/** A card is small: it is kept in memory. */
async function gather(content: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of content) {
    bytes += chunk.byteLength;
    if (bytes > MAX_CARD_BYTES) {
      throw malformed(`part card: expected at most ${MAX_CARD_BYTES} bytes, got more`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function malformed(detail: string): ServingError {
  return new ServingError({ kind: 'malformed', detail });
}

function unsupported(detail: string): ServingError {
  return new ServingError({ kind: 'unsupportedMedia', detail });
}
