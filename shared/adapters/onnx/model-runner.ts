import * as runtime from 'onnxruntime-node';
import { messageOf, ServingError } from '../../errors.ts';
import { answerSource } from '../../evaluation/answer-source.ts';
import type { ScoreJob } from '../../ports/engine.ts';
import type { Allocate } from '../../protocol/response.ts';
import { concatRows, sliceRows } from '../../protocol/rows.ts';
import type { Tensor } from '../../protocol/tensor.ts';
import { anonymousBytes } from './anonymous-memory.ts';
import { batches, type Decoded, decode } from './decoded-request.ts';
import { answerOf, type Served } from './run-answer.ts';
import { fromRuntime, runFailure, toRuntime } from './runtime-tensor.ts';
import { PREPARED_OPTIONS, SESSION_OPTIONS } from './serving-options.ts';
import {
  type LoadReport,
  type ModelSource,
  monotonicNs,
  type RunOutcome,
  type RunRequest,
  type ScoreOutcome,
  type SessionModel,
} from './thread-protocol.ts';
import { warmUp } from './warm-up.ts';

/** An answer that is to be moved to another thread needs a buffer of its own. */
const ownBuffer: Allocate = (bytes) => new Uint8Array(bytes);

interface LoadedSession extends Served {
  readonly session: runtime.InferenceSession;
}

/** Holds sessions and runs them where it is called: `create` and `run` block this thread. */
export class ModelRunner {
  readonly #sessions = new Map<number, LoadedSession>();
  readonly #allocate: Allocate;

  /** `allocate` makes room for answers. */
  constructor(allocate?: Allocate) {
    this.#allocate = allocate ?? ownBuffer;
  }

  /** Loads a model, in place of what has its name; that serves on when this fails. */
  async load(name: number, source: ModelSource, model: SessionModel): Promise<LoadReport> {
    const before = anonymousBytes();
    const began = performance.now();
    const session = await runtime.InferenceSession.create(
      source.path,
      source.prepared ? PREPARED_OPTIONS : SESSION_OPTIONS,
    );
    const createMs = performance.now() - began;
    const runs = await warmUp(session, model);
    const grownBytes = anonymousBytes() - before;
    await this.unload(name);
    this.#sessions.set(name, {
      session,
      model,
      answerSource: answerSource(model.signature, {}),
      allocate: this.#allocate,
    });
    return {
      createMs,
      firstRunMs: runs?.firstMs,
      runMs: runs?.warmMs,
      grownBytes,
    };
  }

  async unload(name: number): Promise<void> {
    const loaded = this.#sessions.get(name);
    this.#sessions.delete(name);
    await loaded?.session.release();
  }

  /**
   * Decodes, runs and encodes requests of one model: those of one shape share runs up to the
   * model's `batchRows`. One that is wrong fails alone. One outcome a request, in their order.
   */
  async run(name: number, requests: readonly RunRequest[]): Promise<RunOutcome[]> {
    const loaded = this.#loaded(name);
    const outcomes = new Array<RunOutcome>(requests.length);
    const decoded: Decoded[] = [];
    let now = monotonicNs();
    for (let index = 0; index < requests.length; index++) {
      try {
        const one = decode(loaded.model, requests[index] as RunRequest, index, now);
        decoded.push(one);
        now = one.decodedAt;
      } catch (error) {
        outcomes[index] = failed(error);
      }
    }
    for (const batch of batches(decoded, loaded.model.batchRows)) {
      await runBatch(loaded, batch, outcomes);
    }
    return outcomes;
  }

  /** Scores rows of a batch job, in runs of their own. */
  async score(name: number, job: ScoreJob): Promise<ScoreOutcome> {
    const { session } = this.#loaded(name);
    try {
      // What reads and writes rows is loaded with the first of them.
      const { scoreRows } = await import('./row-scorer.ts');
      return { kind: 'answered', answer: await scoreRows(session, job) };
    } catch (error) {
      return failed(error);
    }
  }

  #loaded(name: number): LoadedSession {
    const loaded = this.#sessions.get(name);
    if (!loaded) throw new Error(`session ${name} is not loaded in this thread`);
    return loaded;
  }
}

async function runBatch(
  loaded: LoadedSession,
  batch: readonly Decoded[],
  outcomes: RunOutcome[],
): Promise<void> {
  const [first] = batch;
  if (!first) return;
  const begunAt = monotonicNs();
  let outputs: Map<string, Tensor>;
  const inputs = first.request.inputs.map((input, index) =>
    batch.length === 1
      ? input
      : concatRows(batch.map(({ request }) => request.inputs[index] as Tensor)),
  );
  const rows = batch.reduce((sum, one) => sum + one.rows, 0);
  try {
    const wanted = new Set(batch.flatMap(({ request }) => request.outputs.map(({ name }) => name)));
    outputs = await runOnce(loaded.session, inputs, [...wanted]);
    if (batch.length > 1) requireRows(outputs, rows);
  } catch (error) {
    if (batch.length > 1) {
      // Whose row it was, only runs of their own can tell.
      for (const one of batch) await runBatch(loaded, [one], outcomes);
      return;
    }
    outcomes[first.index] = failed(error);
    return;
  }
  const infer = monotonicNs() - begunAt;
  let encodingAt = begunAt + infer;
  let at = 0;
  for (const one of batch) {
    const from = at;
    at += one.rows;
    const slice = (tensor: Tensor): Tensor =>
      batch.length === 1 ? tensor : sliceRows(tensor, from, at);
    try {
      const runRows = one === first ? rows : 0;
      const ran = { outputs, slice, infer, runRows, begunAt, encodingAt };
      const answer = answerOf(loaded, one, ran);
      outcomes[one.index] = { kind: 'answered', answer };
      encodingAt += answer.timings.encode;
    } catch (error) {
      outcomes[one.index] = failed(error);
    }
  }
}

async function runOnce(
  session: runtime.InferenceSession,
  inputs: readonly Tensor[],
  wanted: readonly string[],
): Promise<Map<string, Tensor>> {
  const feeds: Record<string, runtime.Tensor> = {};
  for (const input of inputs) feeds[input.name] = toRuntime(runtime, input);
  let values: runtime.InferenceSession.OnnxValueMapType;
  try {
    values = await session.run(feeds, wanted);
  } catch (error) {
    throw runFailure(error);
  }
  const outputs = new Map<string, Tensor>();
  for (const name of wanted) {
    const value = values[name];
    if (!value) throw new Error(`the runtime gave no output \`${name}\``);
    outputs.set(name, fromRuntime(name, value));
  }
  return outputs;
}

function requireRows(outputs: ReadonlyMap<string, Tensor>, rows: number): void {
  for (const { name, shape } of outputs.values()) {
    if (shape[0] !== rows) throw new Error(`\`${name}\` has ${shape[0] ?? 0} rows for ${rows}`);
  }
}

function failed(error: unknown): Exclude<RunOutcome, { kind: 'answered' }> {
  if (error instanceof ServingError) return { kind: 'failed', failure: error.failure };
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { kind: 'bug', message: messageOf(error), stack };
}
