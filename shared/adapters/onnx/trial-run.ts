import { InferenceSession, type Tensor } from 'onnxruntime-node';
import { messageOf } from '../../errors.ts';
import { elementName } from '../../graph/elements.ts';
import { type RuntimeOutput, settleSignature } from '../../graph/signature.ts';
import { quoted } from '../../ids.ts';
import { typeText } from '../../protocol/shape.ts';
import type { Datatype, Signature } from '../../protocol/tensor.ts';
import { examineBatching } from './batching-proof.ts';
import type { Outcome, Step } from './examiner-steps.ts';
import { generatedInput } from './generated-input.ts';
import { SESSION_OPTIONS } from './serving-options.ts';
import { smallestModel } from './smallest-model.ts';

type RunStep = Extract<Step, { kind: 'run' }>;

/** The runtime could not get the memory that the model asked for. */
const NO_MEMORY = /allocate memory|bad_alloc|bad alloc|length_error|out of memory/i;
const MAX_TEXT = 1_000;
/** What takes longer for a row gains nothing by waiting for others. */
const SLOW_RUN_MS = 1_000;

/**
 * Loads the model as for serving, then runs it once on generated input.
 * @throws Error when the runtime itself doesn't work here
 */
export async function loadAndRun(step: RunStep, onRun: () => void): Promise<Outcome> {
  // The first session starts the runtime too, which is no part of what this model costs.
  await InferenceSession.create(smallestModel(), SESSION_OPTIONS);
  const rssBefore = process.memoryUsage.rss();
  const began = performance.now();
  let session: InferenceSession;
  try {
    session = await InferenceSession.create(step.file, SESSION_OPTIONS);
  } catch (error) {
    return rejected(`onnxruntime can't load it: ${runtimeText(error, step.file)}`);
  }
  const loadMs = performance.now() - began;
  const { signature, dropped } = settleSignature(
    step.draft,
    session.outputMetadata.map(runtimeOutput),
  );
  if (signature.outputs.length === 0) {
    return rejected(
      `none of its outputs is a tensor of a type that can be sent (${dropped.map(quoted).join(', ')}); only tensors can`,
    );
  }
  const warnings = dropped.map(
    (name) => `output ${quoted(name)}: is not a tensor. It is not served.`,
  );
  onRun();
  const trial = await tryOnce(session, signature, step.file);
  if (trial.kind === 'hungry') return rejected(trial.text);
  if (trial.kind === 'failed') warnings.push(trial.text);
  const grown = Math.max(0, process.memoryUsage.rss() - rssBefore);
  const found = { kind: 'run', signature, warnings, loadMs, memoryBytes: grown } as const;
  if (trial.kind !== 'ran') return { ...found, sample: undefined };
  const { runMs, sample } = trial;
  const batching =
    runMs < SLOW_RUN_MS
      ? await examineBatching(session, signature)
      : { proven: false, why: `one run takes ${Math.round(runMs)} ms`, curve: [] };
  return { ...found, runMs, batching, sample };
}

type Trial =
  | { readonly kind: 'ran'; readonly runMs: number; readonly sample: 0 | 1 }
  | { readonly kind: 'failed'; readonly text: string }
  | { readonly kind: 'hungry'; readonly text: string };

/** Ones fit most models; where they don't (an index into one row), zeros are tried too. */
async function tryOnce(
  session: InferenceSession,
  signature: Signature,
  file: string,
): Promise<Trial> {
  let text = '';
  for (const value of [1, 0] as const) {
    const feeds: Record<string, Tensor> = {};
    for (const spec of signature.inputs) {
      const tensor = generatedInput(spec, value);
      if (!tensor) {
        return {
          kind: 'failed',
          text: `not run on generated input: ${quoted(spec.name)}, ${typeText(spec)}, is too large to make up`,
        };
      }
      feeds[spec.name] = tensor;
    }
    const began = performance.now();
    try {
      await session.run(
        feeds,
        signature.outputs.map((output) => output.name),
      );
      return { kind: 'ran', runMs: performance.now() - began, sample: value };
    } catch (error) {
      text = runtimeText(error, file);
      if (NO_MEMORY.test(text)) {
        return {
          kind: 'hungry',
          text: `a run on generated input, all dimensions as small as can be, asked for more memory than there is: ${text}`,
        };
      }
    }
  }
  const inputs = signature.inputs.map((spec) => `${quoted(spec.name)} ${typeText(spec)}`);
  return {
    kind: 'failed',
    text: `a run on generated input (ones, then zeros: ${inputs.join(', ')}) failed; it may do well on real input: ${text}`.slice(
      0,
      MAX_TEXT,
    ),
  };
}

/** The runtime's spelling of the types that it can hand over, and the protocol's. */
const DATATYPES: Readonly<Record<string, Datatype>> = {
  bool: 'BOOL',
  uint8: 'UINT8',
  uint16: 'UINT16',
  uint32: 'UINT32',
  uint64: 'UINT64',
  int8: 'INT8',
  int16: 'INT16',
  int32: 'INT32',
  int64: 'INT64',
  float16: 'FP16',
  float32: 'FP32',
  float64: 'FP64',
  string: 'BYTES',
};

function runtimeOutput(metadata: InferenceSession.ValueMetadata): RuntimeOutput {
  if (!metadata.isTensor) return { name: metadata.name, datatype: undefined, shape: undefined };
  const shape = metadata.shape.map((dim) => (typeof dim === 'number' ? dim : -1));
  return { name: metadata.name, datatype: DATATYPES[metadata.type], shape };
}

function rejected(reason: string): Outcome {
  return {
    kind: 'rejected',
    inspection: { ok: false, reasons: [reason.slice(0, MAX_TEXT)] },
  };
}

/** What the runtime says, without this machine's path and with element types by name. */
function runtimeText(error: unknown, file: string): string {
  const text = messageOf(error)
    .replace(`Load model from ${file} failed:`, '')
    .replaceAll(file, 'the model')
    .replace(/\s+/g, ' ')
    .trim();
  const unsupported = /^Unsupported data type: (\d+)$/.exec(text);
  return unsupported
    ? `an input or output is ${elementName(Number(unsupported[1]))}, which can't be sent; put a Cast between it and the graph`
    : text;
}
