import { answerLabels, numberAt } from '../evaluation/answer-labels.ts';
import { type AnswerSource, isFloat } from '../evaluation/answer-source.ts';
import type { Observed } from '../ports/engine.ts';
import type { Tensor } from '../protocol/tensor.ts';

const MAX_LABELS = 64;
const MAX_LABEL_CHARACTERS = 128;
const MAX_OUTPUTS = 4;
const MAX_NUMBERS = 256;

/**
 * What an answer says, from the outputs that were asked for. Outputs are taken by name, so that two
 * versions keep the same ones whatever their order, and as many numbers of each whatever stands beside.
 */
export function observeAnswer(
  source: AnswerSource | undefined,
  outputs: readonly Tensor[],
): Observed {
  const says = source && outputs.find(({ name }) => name === source.output);
  const labels = says ? answerLabels(source, says, MAX_LABELS) : [];
  const numbers = new Map<string, Float64Array>();
  for (const output of outputs.filter(isFloat).sort(byName).slice(0, MAX_OUTPUTS)) {
    const length = Math.min(output.data.length, MAX_NUMBERS);
    numbers.set(
      output.name,
      Float64Array.from({ length }, (_, index) => numberAt(output, index)),
    );
  }
  return { labels: labels.map((text) => text.slice(0, MAX_LABEL_CHARACTERS)), numbers };
}

function byName(one: Tensor, other: Tensor): number {
  return one.name < other.name ? -1 : 1;
}
