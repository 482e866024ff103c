import { InferenceSession } from 'onnxruntime-node';
import { messageOf, ServingError } from '../../../errors.ts';
import type { Cost } from '../../../evaluation/cost.ts';
import { batchRows } from '../../../inference/batching.ts';
import { concatRows } from '../../../protocol/rows.ts';
import type { Signature, Tensor } from '../../../protocol/tensor.ts';
import type { MeasureStep, Sample, Telling } from '../examiner-steps.ts';
import { generatedInput } from '../generated-input.ts';
import { fromRuntime } from '../runtime-tensor.ts';
import { SESSION_OPTIONS } from '../serving-options.ts';
import type { LabelledFile, Reader } from './evaluation-rows.ts';
import { type Run, runOf } from './own-run.ts';
import { timeRuns } from './run-times.ts';
import { type Rows, tryEverything } from './try-everything.ts';

/** How long the runs that are timed may take together, ms: where somebody looks at them, and else. */
const TIMING_MS = 2_000;
const BRIEF_TIMING_MS = 150;
const ROUNDS = 3;
const TIMED_RUNS = 100;

/**
 * Measures a model that can be served: what it costs, how good its answers to the evaluation file
 * are, what it does with inputs that nobody meant for it. Tells each part when it has it, the ones
 * that may end the process last. @throws what can't be the model's fault
 */
export async function measure(step: MeasureStep, telling: Telling): Promise<void> {
  const { subject, found } = step;
  const { card } = subject;
  const { signature, batching } = found;
  const quantized = found.facts.quantized;
  const reader: Reader = { signature, card, batchRows: batchRows({ batching, quantized }, card) };
  const before = process.memoryUsage.rss();
  const began = performance.now();
  const session = await InferenceSession.create(subject.file, SESSION_OPTIONS);
  // The quicker of two: others on the machine only add time.
  const loadMs = Math.min(step.cost.loadMs, performance.now() - began);
  const run = runOf(session, signature);
  const file = await evaluationOf(step, reader, telling);
  const row = file?.firstInputs(reader) ?? madeUp(signature, step.sample);

  await telling.begin('cost');
  let cost = await timed(step, { ...step.cost, loadMs }, { run, row, rows: reader.batchRows });
  telling.found({ kind: 'cost', cost });
  let rows: Rows | undefined;
  if (file) {
    const { evaluate } = await import('./evaluate.ts');
    rows = await evaluate({ step, reader, file, run, cost }, telling);
  }
  const grown = process.memoryUsage.rss() - before;
  if (grown > cost.memoryBytes) {
    cost = { ...cost, memoryBytes: grown };
    telling.found({ kind: 'cost', cost });
  }
  await tryEverything({ signature, run, row, runMs: cost.alone?.p50, rows }, telling);
}

/** The labelled file, where there is one that fits the model. */
async function evaluationOf(
  { subject }: MeasureStep,
  reader: Reader,
  telling: Telling,
): Promise<LabelledFile | undefined> {
  if (subject.evaluation === undefined) return undefined;
  const [{ openEvaluation }, { readFile }] = await Promise.all([
    import('./evaluation-rows.ts'),
    import('node:fs/promises'),
  ]);
  try {
    return openEvaluation(await readFile(subject.evaluation), reader);
  } catch (error) {
    if (!(error instanceof ServingError)) throw error;
    telling.found({ kind: 'qualityProblem', why: `the evaluation file: ${messageOf(error)}` });
    return undefined;
  }
}

/** Inputs that the model has run on before. */
function madeUp({ inputs }: Signature, sample: Sample): Tensor[] | undefined {
  if (sample === undefined) return undefined;
  const made = inputs.flatMap((spec) => {
    const tensor = generatedInput(spec, sample);
    return tensor ? [fromRuntime(spec.name, tensor)] : [];
  });
  return made.length === inputs.length ? made : undefined;
}

async function timed(
  { subject: { card, evaluation } }: MeasureStep,
  cost: Cost,
  { run, row, rows }: { run: Run; row: Tensor[] | undefined; rows: number },
): Promise<Cost> {
  if (!row) return cost;
  const isLookedAt = evaluation !== undefined || card.budgets?.p95Ms !== undefined;
  const timing = {
    runs: TIMED_RUNS,
    boundMs: isLookedAt ? TIMING_MS : BRIEF_TIMING_MS,
    rounds: isLookedAt ? ROUNDS : 1,
  };
  try {
    const alone = await timeRuns(() => run(row), timing);
    if (rows <= 1) return { ...cost, alone };
    const several = row.map((tensor) => concatRows(Array.from({ length: rows }, () => tensor)));
    const batched = await timeRuns(() => run(several), { ...timing, rounds: 1 });
    return { ...cost, alone, batched: { rows, ...batched } };
  } catch {
    // The row doesn't suit the model; what it costs on others is not known.
    return cost;
  }
}
