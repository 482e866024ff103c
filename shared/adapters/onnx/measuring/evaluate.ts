import { InferenceSession } from 'onnxruntime-node';
import { messageOf } from '../../../errors.ts';
import { answerSource } from '../../../evaluation/answer-source.ts';

import { assessQuality } from '../../../evaluation/assess-quality.ts';
import type { EvaluatedRows } from '../../../evaluation/assessment.ts';
import type { Cost } from '../../../evaluation/cost.ts';
import type { InspectionSubject } from '../../../ports/inspection.ts';
import type { MeasureStep, Telling } from '../examiner-steps.ts';
import { SESSION_OPTIONS } from '../serving-options.ts';
import type { Answers } from './answers.ts';
import { askRows } from './ask-rows.ts';
import { ColumnSpread, type Spread } from './column-spread.ts';
import {
  chooseRows,
  type EvaluationRows,
  evenly,
  type LabelledFile,
  type Reader,
} from './evaluation-rows.ts';
import { isFloat } from './floats.ts';
import { type Labelled, labelled } from './labelled-answers.ts';
import { type Run, runOf } from './own-run.ts';
import { NOISE, smallNoise } from './small-noise.ts';

/** More rows than this say no more. */
const MOST_ROWS = 100_000;
/** Of the time there is, for the version's own answers; production's take as long. */
const OWN_SHARE = 1 / 4;
const NOISY_ROWS = 1_000;
const NOISE_SEED = 1;
/** Lines that are named of each kind. */
const NAMED = 20;

interface Evaluated {
  readonly step: MeasureStep;
  readonly reader: Reader;
  readonly file: LabelledFile;
  readonly run: Run;
  readonly cost: Cost;
}

/** Asks the version, then production, the rows of the evaluation file, and tells what became of it. */
export async function evaluate(
  { step, reader, file, run, cost }: Evaluated,
  telling: Telling,
): Promise<{ spreads: readonly (Spread | undefined)[] }> {
  await telling.begin('evaluation rows');
  const { card, production } = step.subject;
  const { alone, batched } = cost;
  const rowMs = batched ? batched.p50 / batched.rows : (alone?.p50 ?? 0);
  const inTime = Math.max(1, Math.floor((step.evaluationMs * OWN_SHARE) / Math.max(rowMs, 1e-3)));
  const rows = chooseRows(file, reader, Math.min(MOST_ROWS, inTime));
  const source = answerSource(reader.signature, card);
  const spread = new ColumnSpread();
  const seen = spread.add.bind(spread);
  const version = await askRows(rows, { reader, source, run, seen });
  const failed = version.failures.size;
  telling.found({
    kind: 'probe',
    probe: {
      probe: 'evaluation rows',
      outcome: failed > 0 && failed === rows.asked.length ? 'refused' : 'answered',
      ...(failed > 0 && { why: `${failed} of ${rows.asked.length} rows failed` }),
    },
  });
  const spreads = spread.spreads();

  await telling.begin('small noise');
  await tryNoise({ rows, reader, run, version, spreads }, telling);

  if (rows.aside.label === undefined) {
    const wanted = card.label ?? 'label';
    telling.found({
      kind: 'qualityProblem',
      why: `the evaluation file has no column \`${wanted}\`, in which the card has its labels; the card's \`label\` says which column it is`,
    });
    return { spreads };
  }
  const other = production && (await askProduction(rows, production, telling));
  await telling.begin('quality');
  const answers = labelled(rows, card, { version, ...(other && { production: other }) });
  if (typeof answers === 'string') {
    telling.found({ kind: 'qualityProblem', why: answers });
    return { spreads };
  }
  telling.found({ kind: 'evaluated', evaluated: countsOf(rows, version, answers) });
  telling.found({ kind: 'quality', quality: assessQuality(answers.input) });
  return { spreads };
}

/** Production's answers; none where it can't be asked: its failings are not the version's. */
async function askProduction(
  rows: EvaluationRows,
  production: NonNullable<InspectionSubject['production']>,
  telling: Telling,
): Promise<Answers | undefined> {
  await telling.begin('production');
  try {
    const session = await InferenceSession.create(production.file, SESSION_OPTIONS);
    try {
      const { signature, card } = production;
      return await askRows(rows, {
        reader: production,
        source: answerSource(signature, card),
        run: runOf(session, signature),
      });
    } finally {
      await session.release();
    }
  } catch (error) {
    telling.found({
      kind: 'warning',
      text: `production could not be asked the evaluation file, so there is no comparison: ${messageOf(error).slice(0, 300)}`,
    });
    return undefined;
  }
}

/** How many answers change when every number is moved a little, and which rows hold NaN. */
async function tryNoise(
  {
    rows,
    reader,
    run,
    version,
    spreads,
  }: {
    rows: EvaluationRows;
    reader: Reader;
    run: Run;
    version: Answers;
    spreads: readonly (Spread | undefined)[];
  },
  telling: Telling,
): Promise<void> {
  const probe = 'small noise';
  const answered = [...rows.asked.keys()].filter((row) => !version.failures.has(row));
  const takesFloats = reader.signature.inputs.some(isFloat);
  const chosen = evenly(answered.length, takesFloats ? Math.min(answered.length, NOISY_ROWS) : 0);
  const only = chosen.map((place) => answered[place] as number);
  const moved =
    only.length === 0
      ? undefined
      : await askRows(rows, {
          reader,
          source: version.source,
          run,
          only,
          alter: smallNoise(spreads, NOISE_SEED),
        });
  const flipped = [...only].filter(
    (row, index) => moved && version.labels[row] !== moved.labels[index],
  );
  const nan = new Set([
    ...version.spoilt,
    ...(moved?.spoilt ?? []).map((index) => only[index] as number),
  ]);
  const linesOf = (of: Iterable<number>) =>
    [...of]
      .slice(0, NAMED)
      .map((row) => rows.lines[row] as number)
      .sort((a, b) => a - b);
  telling.found({
    kind: 'probe',
    probe: moved
      ? { probe, outcome: 'answered' }
      : {
          probe,
          outcome: 'notTried',
          why: takesFloats ? 'no row was answered' : 'it takes no floats',
        },
  });
  telling.found({
    kind: 'rows',
    rows: {
      rows: only.length,
      flipped: flipped.length,
      noise: NOISE,
      asked: rows.asked.length,
      nan: nan.size,
      flippedLines: linesOf(flipped),
      nanLines: linesOf(nan),
    },
  });
}

function countsOf(rows: EvaluationRows, version: Answers, { unlabelled }: Labelled): EvaluatedRows {
  const untold = new Set(unlabelled.map(({ row }) => row));
  const failed = [...version.failures].filter(([row]) => !untold.has(row));
  const problems = [...unlabelled, ...failed.map(([row, why]) => ({ row, why }))]
    .sort((a, b) => a.row - b.row)
    .slice(0, NAMED)
    .map(({ row, why }) => ({ line: rows.lines[row] as number, why }));
  return {
    inFile: rows.inFile,
    asked: rows.asked.length,
    unlabelled: untold.size,
    failed: failed.length,
    problems,
  };
}
