import { constants, setPriority } from 'node:os';
import { parentPort } from 'node:worker_threads';
import * as runtime from 'onnxruntime-node';
import { messageOf, ServingError } from '../../errors.ts';
import { compress, inflate } from '../../protocol/content-encoding.ts';
import { decodeRequest } from '../../protocol/request.ts';
import { encodeResponse } from '../../protocol/response.ts';
import type { Signature, Tensor } from '../../protocol/tensor.ts';
import { generatedInput } from './generated-input.ts';
import { fromRuntime, runFailure, toRuntime } from './runtime-tensor.ts';
import { SESSION_OPTIONS } from './serving-options.ts';
import {
  type Envelope,
  monotonicNs,
  type ThreadAnswer,
  type ThreadReply,
  type ThreadRequest,
} from './thread-protocol.ts';

// A thread that holds sessions and runs them, one request at a time: `run` and `create` block their
// thread, and this is the thread to block.

interface LoadedSession {
  readonly session: runtime.InferenceSession;
  readonly signature: Signature;
}
type InferMessage = Extract<ThreadRequest, { type: 'infer' }>;

const sessions = new Map<number, LoadedSession>();

async function load(message: Extract<ThreadRequest, { type: 'load' }>): Promise<void> {
  const { path, signature } = message;
  const session = await runtime.InferenceSession.create(path, SESSION_OPTIONS);
  sessions.set(message.session, { session, signature });
  await warmUp(session, signature);
}

/**
 * The first run allocates; a caller should not wait for that. Ones, and the served outputs alone,
 * are what validation has tried: another input could as well never end.
 */
async function warmUp(
  session: runtime.InferenceSession,
  { inputs, outputs }: Signature,
): Promise<void> {
  const feeds: Record<string, runtime.Tensor> = {};
  for (const spec of inputs) {
    const tensor = generatedInput(spec, 1);
    if (!tensor) return;
    feeds[spec.name] = tensor;
  }
  try {
    await session.run(
      feeds,
      outputs.map(({ name }) => name),
    );
  } catch {
    // Ones need not suit the graph; real input decides.
  }
}

async function unload(name: number): Promise<void> {
  const loaded = sessions.get(name);
  sessions.delete(name);
  await loaded?.session.release();
}

async function infer(message: InferMessage): Promise<ThreadAnswer> {
  const loaded = sessions.get(message.session);
  if (!loaded) throw new Error(`session ${message.session} is not loaded in this thread`);
  const started = monotonicNs();
  const body = inflate(new Uint8Array(message.body), message.contentEncoding, message.maxBodyBytes);
  const request = decodeRequest(body, message.headerLength, loaded.signature);
  refuseIfLate(request.parameters.timeoutMicroseconds, message.arrivedAt);
  const decoded = monotonicNs();
  const outputs = await run(loaded.session, request.inputs, request.outputs);
  const ran = monotonicNs();
  const encoded = encodeResponse({
    modelName: message.modelName,
    modelVersion: message.modelVersion,
    id: request.id,
    outputs,
  });
  const compressed = compress(encoded.body, message.acceptEncoding);
  return {
    body: ownBuffer(compressed?.body ?? encoded.body),
    headerLength: encoded.headerLength,
    contentEncoding: compressed?.encoding,
    rows: request.inputs[0]?.shape[0] ?? 1,
    timings: {
      queue: started - message.arrivedAt,
      decode: decoded - started,
      infer: ran - decoded,
      encode: monotonicNs() - ran,
    },
  };
}

async function run(
  session: runtime.InferenceSession,
  inputs: readonly Tensor[],
  outputs: readonly { name: string; binary: boolean }[],
): Promise<{ tensor: Tensor; binary: boolean }[]> {
  const feeds = Object.fromEntries(inputs.map((input) => [input.name, toRuntime(runtime, input)]));
  let values: runtime.InferenceSession.OnnxValueMapType;
  try {
    values = await session.run(
      feeds,
      outputs.map(({ name }) => name),
    );
  } catch (error) {
    throw runFailure(error);
  }
  return outputs.map(({ name, binary }) => {
    const value = values[name];
    if (!value) throw new Error(`the runtime gave no output \`${name}\``);
    return { tensor: fromRuntime(name, value), binary };
  });
}

/** The caller's own time-out counts from arrival, whether or not the queue knew of it. */
function refuseIfLate(timeoutMicroseconds: number | undefined, arrivedAt: number): void {
  // 0 is Triton's "no time-out".
  if (!timeoutMicroseconds || monotonicNs() - arrivedAt <= timeoutMicroseconds * 1000) return;
  throw new ServingError({
    kind: 'deadlinePassed',
    detail: `the request's timeout of ${timeoutMicroseconds} µs passed before the model ran`,
  });
}

function ownBuffer(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const { buffer } = bytes;
  return buffer instanceof ArrayBuffer && buffer.byteLength === bytes.byteLength
    ? (bytes as Uint8Array<ArrayBuffer>)
    : Uint8Array.from(bytes);
}

async function reply(message: ThreadRequest): Promise<ThreadReply> {
  try {
    if (message.type === 'infer') return { kind: 'done', answer: await infer(message) };
    await (message.type === 'load' ? load(message) : unload(message.session));
    return { kind: 'done' };
  } catch (error) {
    if (error instanceof ServingError) return { kind: 'failed', failure: error.failure };
    const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return { kind: 'bug', message: messageOf(error), stack };
  }
}

// On Linux this is the calling thread's own priority: where there are more threads than CPUs, the
// thread that routes and answers goes first, and a run takes microseconds longer.
if (process.platform === 'linux') setPriority(constants.priority.PRIORITY_BELOW_NORMAL);

// Strictly one after the other: `create` gives way to the event loop halfway.
let last = Promise.resolve();
parentPort?.on('message', ({ id, message }: Envelope<ThreadRequest>) => {
  last = last.then(async () => {
    const answer = await reply(message);
    const transfer = answer.kind === 'done' && answer.answer ? [answer.answer.body.buffer] : [];
    parentPort?.postMessage({ id, message: answer } satisfies Envelope<ThreadReply>, transfer);
  });
});
