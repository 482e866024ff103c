import { answerLabels } from '../../../evaluation/answer-labels.ts';
import type { AnswerSource } from '../../../evaluation/answer-source.ts';
import type { Signature, Tensor } from '../../../protocol/tensor.ts';
import { areFinite, floatAt, hasNaN } from './floats.ts';

/** Scores kept, of all rows together: 160 MB. With more, the figures that need them are left out. */
const MOST_SCORES = 20_000_000;

/** What a version answered, row by row. */
export class Answers {
  readonly source: AnswerSource | undefined;
  readonly rows: number;
  /** As text; undefined for rows that failed, and where the answer is no label. */
  readonly labels: (string | undefined)[];
  /** Of answers that are a value; NaN for rows that failed. */
  readonly values: Float64Array;
  /** Row-major [rows, width]; NaN for rows that failed. */
  scores: Float64Array | undefined;
  /** How many scores a row has. */
  width = 0;
  /** Why rows failed. */
  readonly failures = new Map<number, string>();
  /** Rows that hold NaN in their answer, though all that was asked is finite. */
  readonly spoilt: number[] = [];
  readonly #answer: number;
  readonly #scores: number;
  #tooMany = false;

  constructor(source: AnswerSource | undefined, { outputs }: Signature, rows: number) {
    this.source = source;
    this.rows = rows;
    this.labels = new Array<string | undefined>(rows).fill(undefined);
    this.values = new Float64Array(source?.kind === 'value' ? rows : 0).fill(Number.NaN);
    const placeOf = (name: string | undefined) => outputs.findIndex((spec) => spec.name === name);
    this.#answer = placeOf(source?.output);
    this.#scores = placeOf(source?.kind === 'label' ? source.scores : source?.output);
  }

  fail(row: number, why: string): void {
    this.failures.set(row, why);
  }

  /** Takes a run's outputs: the answers to the rows `of`. @throws Error when they have other rows */
  take(of: Int32Array, inputs: readonly Tensor[], outputs: readonly Tensor[]): void {
    const { source } = this;
    const count = of.length;
    const answer = outputs[this.#answer];
    if (source && answer) {
      // A model without a dimension for rows is asked one at a time.
      if (answer.shape[0] !== count && !(count === 1 && answer.shape.length === 0)) {
        throw new Error(`\`${answer.name}\` has ${answer.shape[0] ?? 0} rows for ${count}`);
      }
      if (source.kind === 'value') {
        for (const [index, row] of of.entries()) this.values[row] = floatAt(answer, index);
      } else {
        const labels = answerLabels(source, answer, count);
        for (const [index, row] of of.entries()) this.labels[row] = labels[index];
        const scores = outputs[this.#scores];
        if (scores && scores.shape[0] === count) this.#takeScores(of, scores);
      }
    }
    this.#lookForNaN(of, inputs, outputs);
  }

  #takeScores(of: Int32Array, scores: Tensor): void {
    const width = scores.data.length / of.length;
    if (width === 0 || this.#tooMany) return;
    if (!this.scores) {
      this.#tooMany = width * this.rows > MOST_SCORES;
      if (this.#tooMany) return;
      this.width = width;
      this.scores = new Float64Array(width * this.rows).fill(Number.NaN);
    }
    if (width !== this.width) return;
    for (const [index, row] of of.entries()) {
      for (let column = 0; column < width; column++) {
        this.scores[row * width + column] = floatAt(scores, index * width + column);
      }
    }
  }

  #lookForNaN(of: Int32Array, inputs: readonly Tensor[], outputs: readonly Tensor[]): void {
    const count = of.length;
    for (const [index, row] of of.entries()) {
      const part = ({ data }: Tensor): [number, number] => {
        const width = data.length / count;
        return [index * width, (index + 1) * width];
      };
      const spoilt = outputs.some((output) => hasNaN(output, ...part(output)));
      if (spoilt && inputs.every((input) => areFinite(input, ...part(input)))) {
        this.spoilt.push(row);
      }
    }
  }
}
