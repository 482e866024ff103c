import { spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sample } from '../../journeys/client.ts';
import { largeModel } from '../../journeys/large-model.ts';

/** A model under stress, and what is asked of it. */
export interface StressedModel {
  readonly model: string;
  readonly bytes: Uint8Array;
  readonly input: string;
  readonly output: string;
  /** A row's dimensions. */
  readonly row: readonly number[];
}

/** One request, and what the bare runtime answers. */
export interface Question {
  readonly model: string;
  readonly input: string;
  readonly output: string;
  readonly shape: readonly number[];
  readonly data: readonly number[];
  readonly answer: readonly number[];
}

const QUESTIONS = 25;
/** Large enough to be served from its prepared form. */
const PREPARED_WIDTH = 512;

/** Two small ones, and one that is prepared. */
export async function stressedModels(): Promise<StressedModel[]> {
  return [
    {
      model: 'digits',
      bytes: await sample('digits'),
      input: 'image',
      output: 'probabilities',
      row: [1, 8, 8],
    },
    {
      model: 'breast-cancer',
      bytes: await sample('breast-cancer'),
      input: 'input',
      output: 'probabilities',
      row: [30],
    },
    {
      model: 'wide',
      bytes: largeModel({ width: PREPARED_WIDTH, layers: 1 }),
      input: 'x',
      output: 'y',
      row: [PREPARED_WIDTH],
    },
  ];
}

/** Requests of 1 to 4 rows for each model; `folder` is for the models' files. */
export async function questionsFor(
  models: readonly StressedModel[],
  folder: string,
  random: () => number,
): Promise<Question[]> {
  const asked = models.flatMap(({ model, input, output, row }) =>
    Array.from({ length: QUESTIONS }, (_, index) => {
      const shape = [1 + (index % 4), ...row];
      const length = shape.reduce((product, dimension) => product * dimension, 1);
      const data = Array.from({ length }, () => Math.fround(random() * 2));
      return { model, input, output, shape, data };
    }),
  );
  for (const { model, bytes } of models) await writeFile(fileOf(folder, model), bytes);
  const answers = await bareAnswers(
    asked.map((question) => ({ file: fileOf(folder, question.model), ...question })),
  );
  return asked.map((question, index) => ({ ...question, answer: answers[index] ?? [] }));
}

/** Whether it is the bare runtime's answer, within what batches may change. */
export function isRight({ answer }: Question, got: readonly number[]): boolean {
  return (
    got.length === answer.length &&
    answer.every((value, at) => Math.abs(value - (got[at] ?? Number.NaN)) <= 1e-5)
  );
}

function fileOf(folder: string, model: string): string {
  return join(folder, `${model}.onnx`);
}

async function bareAnswers(asked: readonly object[]): Promise<number[][]> {
  const child = spawn(process.execPath, ['test/wide/stress/bare-answers.mjs'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  child.stdin.end(JSON.stringify(asked));
  let text = '';
  for await (const chunk of child.stdout) text += String(chunk);
  return JSON.parse(text) as number[][];
}
