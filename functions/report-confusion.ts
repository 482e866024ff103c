import type { Quality } from '../shared/evaluation/quality.ts';
import type { Raw } from './report-html.ts';
import { html, joined, NOTHING, paragraph, table } from './report-html.ts';

type Classification = Extract<Quality, { task: 'classification' }>;

/** More classes than this make no picture: the most frequent errors tell more. */
const PICTURED = 30;

/** Rows by true and answered class; the darker, the larger a part of the true class's rows. */
export function confusionPart(quality: Classification): Raw {
  const { confusion } = quality;
  const { counts, noClass, top } = confusion;
  return html`<h3>Confusion</h3>
${noClass > 0 ? paragraph(`${noClass} rows were answered with no class at all.`) : NOTHING}
${counts && counts.length <= PICTURED ? matrix(quality, counts) : NOTHING}
${
  top.length > 0 && (!counts || counts.length > 2)
    ? html`<p>Most frequent errors:</p>
${table(
  ['label', 'answered', 'rows'],
  top.map(({ truth, answered, rows }) => [truth, answered, rows]),
)}`
    : NOTHING
}`;
}

function matrix(
  { perClass }: Classification,
  counts: NonNullable<Classification['confusion']['counts']>,
): Raw {
  const heads = perClass.map((each) => html`<th scope="col">${each.class}</th>`);
  const rows = counts.map((row, truth) => {
    const all = perClass[truth]?.rows ?? 0;
    const cells = row.map((count, answered) => shaded(count, all, truth === answered));
    return html`<tr><th scope="row">${perClass[truth]?.class ?? ''}</th>${joined(cells)}</tr>`;
  });
  return html`<div class="wide"><table class="confusion">
<thead><tr><th scope="col" class="corner">label ↓ answered →</th>${joined(heads)}</tr></thead>
<tbody>
${joined(rows)}
</tbody>
</table></div>`;
}

function shaded(count: number, all: number, isRight: boolean): Raw {
  if (count === 0 || all === 0) return html`<td class="none">${count}</td>`;
  // A single error among many rows must still be seen.
  const part = isRight ? count / all : Math.min(1, 0.12 + (count / all) * 2);
  const strength = Math.round(part * 85);
  const text = strength > 55 ? ' dark' : '';
  return html`<td class="${isRight ? 'right' : 'wrong'}${text}" style="--part:${strength}%">${count}</td>`;
}
