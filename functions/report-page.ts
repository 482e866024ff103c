import type { Batching } from '../shared/inference/batching.ts';
import type { Report } from './report.ts';
import { verdictPart } from './report-gates.ts';
import { facts, html, joined, list, NOTHING, Raw, section } from './report-html.ts';
import { qualityPart } from './report-quality.ts';
import { behaviourParts } from './report-robustness.ts';
import { STYLE } from './report-style.ts';

/** A version's report as a page to read: no script, nothing fetched. */
export function reportPage(report: Report): string {
  const { model, version, outcome } = report;
  const title = `${model} version ${version}: ${outcome}`;
  const parts = [
    verdictPart(report),
    report.note !== undefined ? html`<p>${report.note}</p>` : NOTHING,
    report.warnings ? section('Warnings', list(report.warnings)) : NOTHING,
    qualityPart(report),
    ...behaviourParts(report),
    ...modelParts(report),
  ];
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${title}</title>
<style>${new Raw(STYLE)}</style>
</head>
<body>
<h1>${model} <span class="aside">version ${version}</span></h1>
${joined(parts.filter(({ text }) => text !== ''))}
</body>
</html>
`.text;
}

/** What the model is, whatever it can. */
function modelParts(report: Report): Raw[] {
  const { digest, bytes, decidedAt, signature, batching } = report;
  return [
    signature ? section('Inputs', tensors(signature.inputs)) : NOTHING,
    signature ? section('Outputs', tensors(signature.outputs)) : NOTHING,
    signature
      ? section(
          'Times',
          facts([
            ['load, ms', report.loadMs],
            ['first run on generated input, ms', report.runMs],
          ]),
        )
      : NOTHING,
    batching ? section('Batching', facts(batchingRows(batching))) : NOTHING,
    report.facts ? section('Graph', facts(Object.entries(report.facts))) : NOTHING,
    section(
      'File',
      facts([
        ['SHA-256', digest],
        ['bytes', bytes],
        ['decided', decidedAt],
      ]),
    ),
    section('Card', facts(Object.entries(report.card))),
  ];
}

function tensors(
  specs: readonly { name: string; datatype: string; shape: readonly number[] }[],
): Raw {
  return facts(
    specs.map(({ name, datatype, shape }) => [name, `${datatype} [${shape.join(', ')}]`]),
  );
}

function batchingRows({ proven, why, curve }: Batching): [string, unknown][] {
  return [
    ['rows of different callers', proven ? 'may run as one' : 'run apart'],
    ['because', why],
    ...curve.map(({ rows, rowsPerSecond }): [string, unknown] => [
      `rows/s at ${rows}`,
      rowsPerSecond,
    ]),
  ];
}
