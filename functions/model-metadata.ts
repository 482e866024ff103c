import type { App } from '../shared/compose.ts';
import { ServingError } from '../shared/errors.ts';
import { parseModelName, parseVersionOrAlias } from '../shared/ids.ts';
import type { ServableModel } from '../shared/ports/engine.ts';
import type { Datatype, TensorSpec } from '../shared/protocol/tensor.ts';
import { json } from './answer.ts';
import { problemAnswer } from './problem.ts';
import type { Answer, HttpFunction, Request } from './trigger.ts';

const PLATFORM = 'onnx_onnxv1';

export const modelMetadataFunction = onModel('model-metadata', '', describeModel);
export const versionMetadataFunction = onVersion('version-metadata', '', describeModel);
export const modelReadyFunction = onModel('model-ready', '/ready', tellReadiness);
export const versionReadyFunction = onVersion('version-ready', '/ready', tellReadiness);
export const modelConfigFunction = onModel('model-config', '/config', tellConfiguration);
export const versionConfigFunction = onVersion('version-config', '/config', tellConfiguration);

function onModel(name: string, tail: string, handler: HttpFunction['handler']): HttpFunction {
  const route = `v2/models/{model}${tail}`;
  return { kind: 'http', name, route, methods: ['GET'], access: 'Scorer', handler };
}

function onVersion(name: string, tail: string, handler: HttpFunction['handler']): HttpFunction {
  const route = `v2/models/{model}/versions/{version}${tail}`;
  return { kind: 'http', name, route, methods: ['GET'], access: 'Scorer', handler };
}

async function describeModel(app: App, request: Request): Promise<Answer> {
  const { model, wanted, servable } = await resolve(app, request);
  const ready = (await app.models.record(model)).versions.filter(({ state }) => state === 'ready');
  const versions = wanted === undefined ? ready.map(({ version }) => version) : [servable.version];
  return json(200, {
    name: model,
    versions: versions.map(String),
    platform: PLATFORM,
    inputs: servable.signature.inputs.map(tensorMetadata),
    outputs: servable.signature.outputs.map(tensorMetadata),
  });
}

/** An unknown model or version is a 404, one that can't answer a 503 with the protocol's members. */
async function tellReadiness(app: App, request: Request): Promise<Answer> {
  const name = request.params['model'];
  try {
    await resolve(app, request);
    return json(200, { name, ready: true });
  } catch (error) {
    if (!(error instanceof ServingError)) throw error;
    const { failure } = error;
    const unserved =
      failure.kind === 'notReady' ||
      failure.kind === 'rejected' ||
      (failure.kind === 'notFound' && (await isKnown(app, request)));
    if (!unserved) throw error;
    return problemAnswer(
      request,
      { kind: 'notReady', detail: failure.detail, retryAfterSeconds: 2 },
      { name, ready: false },
    );
  }
}

/** Whether what the path names is there, servable or not: a retired version, a model without production. */
async function isKnown(app: App, request: Request): Promise<boolean> {
  const { model, wanted } = named(request);
  const { versions } = await app.models.record(model);
  return wanted === undefined || versions.some(({ version }) => version === wanted);
}

async function tellConfiguration(app: App, request: Request): Promise<Answer> {
  const { model, servable } = await resolve(app, request);
  return json(200, {
    name: model,
    platform: PLATFORM,
    backend: 'onnxruntime',
    max_batch_size: 0,
    input: servable.signature.inputs.map(tensorConfiguration),
    output: servable.signature.outputs.map(tensorConfiguration),
  });
}

function named(request: Request) {
  const model = parseModelName(request.params['model'] ?? '');
  const { version } = request.params;
  return { model, wanted: version === undefined ? undefined : parseVersionOrAlias(version) };
}

async function resolve(
  app: App,
  request: Request,
): Promise<ReturnType<typeof named> & { servable: ServableModel }> {
  const { model, wanted } = named(request);
  // Point 1 is beyond any candidate's share: the model's signature is production's.
  const { servable } = await app.models.resolve(model, wanted, 1);
  return { model, wanted, servable };
}

function tensorMetadata({ name, datatype, shape }: TensorSpec) {
  return { name, datatype, shape: shape ?? [-1] };
}

function tensorConfiguration({ name, datatype, shape }: TensorSpec) {
  return { name, data_type: CONFIG_TYPES[datatype], dims: shape ?? [-1] };
}

/** Triton's names in a model configuration. */
const CONFIG_TYPES = {
  BOOL: 'TYPE_BOOL',
  UINT8: 'TYPE_UINT8',
  UINT16: 'TYPE_UINT16',
  UINT32: 'TYPE_UINT32',
  UINT64: 'TYPE_UINT64',
  INT8: 'TYPE_INT8',
  INT16: 'TYPE_INT16',
  INT32: 'TYPE_INT32',
  INT64: 'TYPE_INT64',
  FP16: 'TYPE_FP16',
  FP32: 'TYPE_FP32',
  FP64: 'TYPE_FP64',
  BYTES: 'TYPE_STRING',
} as const satisfies Record<Datatype, string>;
