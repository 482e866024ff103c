import type { Config } from '../config.ts';
import type { DroppedBlob } from '../drops/drop.ts';
import { ServingError } from '../errors.ts';
import { evaluationFileCheck } from '../evaluation/evaluation-file.ts';
import type { Digest, ModelName } from '../ids.ts';
import type { ArtifactRef, ArtifactStore } from '../ports/artifacts.ts';
import type { Messages } from '../ports/messages.ts';
import type { SpooledFile } from '../ports/model-files.ts';
import type { Card } from '../registry/card.ts';
import { fingerprintOf } from '../registry/fingerprint.ts';
import type { Submission } from '../registry/model-record.ts';
import {
  allocateVersion,
  currentIncarnation,
  type Registered,
  type RegistryDeps,
} from './version-lifecycle.ts';

/** Bytes to register: received, waiting in `uploads/`, or dropped into `incoming/`. */
export type Content =
  | { readonly kind: 'file'; readonly file: SpooledFile }
  | { readonly kind: 'blob'; readonly blob: string }
  | { readonly kind: 'dropped'; readonly blob: DroppedBlob };

export interface Registration {
  readonly model: ModelName;
  readonly content: Content;
  readonly card: Card;
  readonly evaluation?: Content | undefined;
  readonly who: string;
  /** Of the request, as W3C Trace Context has it. */
  readonly traceparent?: string | undefined;
}

export interface RegisterDeps extends RegistryDeps, StoreDeps {
  readonly messages: Pick<Messages, 'sendRegistration'>;
}

export interface StoreDeps {
  readonly artifacts: Pick<ArtifactStore, 'put' | 'adopt' | 'adoptDropped'>;
  readonly config: Pick<Config, 'maxModelBytes' | 'maxBodyBytes'>;
}

/** How often a model may be deleted while one registration of it is under way. */
const MAX_LIVES = 5;

/**
 * Stores the bytes, gives them a version, has it validated. The bytes stand before the version
 * does; a crash before the message is made good by the sweep. Again is the same version.
 * @throws ServingError `malformed`, `tooLarge`, `conflict`, `unavailable`
 */
export async function registerModel(
  deps: RegisterDeps,
  registration: Registration,
): Promise<Registered> {
  const { model, who, traceparent } = registration;
  for (let life = 1; ; life++) {
    const incarnation = await currentIncarnation(deps, model);
    const submission = await storeSubmitted(deps, registration, incarnation);
    try {
      const registered = await allocateVersion(deps, submission, who);
      const { version, state } = registered.entry;
      // Also for one that stood already: its first sender may have ended before this line.
      if (state === 'pending') {
        await deps.messages.sendRegistration({ model, incarnation, version, traceparent });
      }
      return registered;
    } catch (error) {
      const conflict = error instanceof ServingError && error.failure.kind === 'conflict';
      if (!conflict || life === MAX_LIVES) throw error;
      // Deleted meanwhile, so the artifacts go with the old life; or full, which stays so.
      if ((await currentIncarnation(deps, model)) === incarnation) throw error;
    }
  }
}

/**
 * Makes artifacts of what is to be registered; again is no error. The submission is not written yet.
 * @throws ServingError `malformed`, `tooLarge`, `conflict` (a blob changed meanwhile), `unavailable`
 */
export async function storeSubmitted(
  deps: StoreDeps,
  { model, content, card, evaluation, traceparent }: Omit<Registration, 'who'>,
  incarnation: number,
): Promise<Submission> {
  const { maxModelBytes, maxBodyBytes } = deps.config;
  const into = { model, incarnation } as const;
  const { digest, bytes } = await keep(deps, content, {
    into: { ...into, name: 'model.onnx' },
    maxBytes: maxModelBytes,
  });
  const kept =
    evaluation &&
    (await keep(deps, evaluation, {
      into: { ...into, name: 'evaluation.csv' },
      maxBytes: maxBodyBytes,
      check: evaluationFileCheck('evaluation'),
    }));
  const fingerprint = fingerprintOf({ digest, card, evaluation: kept });
  return {
    model,
    incarnation,
    fingerprint,
    digest,
    bytes,
    card,
    ...(kept && { evaluation: kept }),
    ...(traceparent !== undefined && { traceparent }),
  };
}

async function keep(
  { artifacts }: StoreDeps,
  content: Content,
  limits: Parameters<ArtifactStore['adopt']>[2] & { into: Omit<ArtifactRef, 'digest'> },
): Promise<{ digest: Digest; bytes: number }> {
  const { into, ...adopting } = limits;
  if (content.kind === 'blob') return await artifacts.adopt(content.blob, into, adopting);
  if (content.kind === 'dropped') return await artifacts.adoptDropped(content.blob, into, adopting);
  const { digest, bytes, path } = content.file;
  await artifacts.put({ ...into, digest }, path);
  return { digest, bytes };
}
