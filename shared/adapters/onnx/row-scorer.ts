import * as runtime from 'onnxruntime-node';
import { CsvOutput } from '../../batch/csv-output.ts';
import { CsvRecords } from '../../batch/csv-records.ts';
import { JsonlOutput } from '../../batch/jsonl-output.ts';
import { JsonlRecords } from '../../batch/jsonl-records.ts';
import { type OutputRows, outputRows } from '../../batch/output-values.ts';
import type { Records } from '../../batch/records.ts';
import { RowInputs } from '../../batch/row-inputs.ts';
import type { RowOutput } from '../../batch/row-output.ts';
import type { RowFailure, RowTable } from '../../batch/row-table.ts';
import { messageOf, ServingError } from '../../errors.ts';
import type { ScoreAnswer, ScoreJob } from '../../ports/engine.ts';
import { fromRuntime, runFailure, toRuntime } from './runtime-tensor.ts';

const LONGEST_REASON = 300;

/**
 * Scores a piece of rows with a session: reads text into tensors, runs, writes text, `runRows` rows
 * at a time. A row that can't be read, run or written fails alone; the others keep their order.
 * @throws ServingError `deadlinePassed` (looked at between runs), `overloaded` (memory ran out)
 */
export async function scoreRows(
  session: runtime.InferenceSession,
  job: ScoreJob,
): Promise<ScoreAnswer> {
  return await new RowScorer(session, job).score();
}

/** One piece. */
class RowScorer {
  readonly #session: runtime.InferenceSession;
  readonly #table: RowTable;
  readonly #deadline: number;
  readonly #source: Buffer;
  readonly #records: Records;
  readonly #inputs: RowInputs;
  readonly #output: RowOutput;
  readonly #outputNames: readonly string[];
  /** By slot of the run to come: the line, where the row begins and where it ends. */
  readonly #rows: Int32Array;
  readonly #failures: RowFailure[] = [];
  #scored = 0;
  #dimensions: readonly (readonly number[])[] = [];

  constructor(session: runtime.InferenceSession, { rows, table, deadline }: ScoreJob) {
    this.#session = session;
    this.#table = table;
    this.#deadline = deadline;
    this.#source = Buffer.from(rows.buffer, rows.byteOffset, rows.byteLength);
    this.#records =
      table.format === 'csv'
        ? new CsvRecords(this.#source, table)
        : new JsonlRecords(this.#source, table);
    this.#inputs = new RowInputs(table);
    this.#output = table.format === 'csv' ? new CsvOutput(table) : new JsonlOutput(table);
    this.#outputNames = table.outputs.map(({ name }) => name);
    this.#rows = new Int32Array(table.runRows * 3);
  }

  async score(): Promise<ScoreAnswer> {
    const records = this.#records;
    const { runRows } = this.#table;
    let slot = 0;
    while (records.next()) {
      const wrong = records.problem ?? this.#inputs.read(records, slot);
      if (wrong !== undefined) {
        this.#fail(records.line, records.start, records.end, wrong);
        continue;
      }
      this.#output.keep(records, slot);
      this.#rows[slot * 3] = records.line;
      this.#rows[slot * 3 + 1] = records.start;
      this.#rows[slot * 3 + 2] = records.end;
      if (++slot < runRows) continue;
      await this.#run(0, slot);
      slot = 0;
    }
    if (slot > 0) await this.#run(0, slot);
    const { lines } = this.#output;
    return {
      output: new Uint8Array(lines.bytes.subarray(0, lines.length)),
      lines: records.lines,
      scored: this.#scored,
      // A run's failures are known after those of the rows read for it.
      failures: this.#failures.sort((a, b) => a.line - b.line),
      outputDimensions: this.#dimensions,
    };
  }

  /** Runs the slots [from, to); when that fails, halves of them, down to the rows that fail alone. */
  async #run(from: number, to: number): Promise<void> {
    if (Date.now() > this.#deadline) {
      throw new ServingError({
        kind: 'deadlinePassed',
        detail: 'the deadline passed before all of the rows had been scored',
      });
    }
    let outputs: OutputRows[];
    try {
      outputs = await this.#runOnce(from, to);
    } catch (error) {
      if (to - from > 1) {
        const middle = from + ((to - from) >> 1);
        await this.#run(from, middle);
        await this.#run(middle, to);
        return;
      }
      if (error instanceof ServingError && error.failure.kind === 'overloaded') throw error;
      this.#failSlot(from, messageOf(error).slice(0, LONGEST_REASON));
      return;
    }
    if (this.#dimensions.length === 0) {
      this.#dimensions = outputs.map(({ dimensions }) => dimensions);
    }
    for (let slot = from; slot < to; slot++) {
      const wrong = this.#output.write(slot, outputs, slot - from);
      if (wrong === undefined) this.#scored++;
      else this.#failSlot(slot, wrong);
    }
  }

  async #runOnce(from: number, to: number): Promise<OutputRows[]> {
    const feeds: Record<string, runtime.Tensor> = {};
    for (const input of this.#inputs.tensors(from, to)) {
      feeds[input.name] = toRuntime(runtime, input);
    }
    let values: runtime.InferenceSession.OnnxValueMapType;
    try {
      values = await this.#session.run(feeds, this.#outputNames);
    } catch (error) {
      throw runFailure(error);
    }
    return this.#outputNames.map((name) => {
      const value = values[name];
      if (!value) throw new Error(`the runtime gave no output \`${name}\``);
      return outputRows(fromRuntime(name, value), to - from);
    });
  }

  #failSlot(slot: number, reason: string): void {
    const rows = this.#rows;
    this.#fail(
      rows[slot * 3] as number,
      rows[slot * 3 + 1] as number,
      rows[slot * 3 + 2] as number,
      reason,
    );
  }

  #fail(line: number, start: number, end: number, reason: string): void {
    this.#failures.push({ line, reason, row: this.#source.toString('utf8', start, end) });
  }
}
