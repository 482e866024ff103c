import { RowInputs } from '../../../batch/row-inputs.ts';
import { messageOf } from '../../../errors.ts';
import type { AnswerSource } from '../../../evaluation/answer-source.ts';
import type { Tensor } from '../../../protocol/tensor.ts';
import { Answers } from './answers.ts';
import type { EvaluationRows, Reader } from './evaluation-rows.ts';
import type { Run } from './own-run.ts';

const LONGEST_REASON = 300;

export interface Asking {
  readonly reader: Reader;
  readonly source: AnswerSource | undefined;
  readonly run: Run;
  /** Which of the rows that are asked, ascending; all by default. */
  readonly only?: Int32Array;
  /** Changes the inputs before they run, in place. */
  readonly alter?: (inputs: readonly Tensor[]) => void;
  /** Sees the inputs of rows that were answered, before their memory is used again. */
  readonly seen?: (inputs: readonly Tensor[], rows: number) => void;
}

/**
 * Asks a version the rows of an evaluation file, as batch jobs do: as many in a run as it may be
 * asked together; when a run fails, halves of it, down to the rows that fail alone.
 * @throws ServingError `malformed`: the file's columns don't fit the version
 */
export async function askRows(rows: EvaluationRows, asking: Asking): Promise<Answers> {
  const table = rows.table(asking.reader);
  const only = asking.only ?? Int32Array.from(rows.asked.keys());
  const answers = new Answers(asking.source, asking.reader.signature, only.length);
  const inputs = new RowInputs(table);
  const slots = new Int32Array(table.runRows);

  const run = async (from: number, to: number): Promise<void> => {
    const tensors = inputs.tensors(from, to);
    try {
      const outputs = await asking.run(tensors);
      answers.take(slots.subarray(from, to), tensors, outputs);
      asking.seen?.(tensors, to - from);
    } catch (error) {
      if (to - from === 1) {
        answers.fail(slots[from] as number, messageOf(error).slice(0, LONGEST_REASON));
        return;
      }
      const middle = from + ((to - from) >> 1);
      await run(from, middle);
      await run(middle, to);
    }
  };
  const runAll = async (count: number): Promise<void> => {
    asking.alter?.(inputs.tensors(0, count));
    await run(0, count);
  };

  const records = rows.records(table);
  let slot = 0;
  for (let row = 0, next = 0; next < only.length && records.next(); row++) {
    if (row !== rows.asked[only[next] as number]) continue;
    const wrong = records.problem ?? inputs.read(records, slot);
    if (wrong !== undefined) {
      answers.fail(next++, wrong);
      continue;
    }
    slots[slot++] = next++;
    if (slot < table.runRows) continue;
    await runAll(slot);
    slot = 0;
  }
  if (slot > 0) await runAll(slot);
  return answers;
}
