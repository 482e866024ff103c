import type { Batching } from '../shared/inference/batching.ts';
import type { Report } from './report.ts';

/** A version's report as a page to read: no script, nothing fetched. */
export function reportPage(report: Report): string {
  const { model, version, outcome, digest, bytes, decidedAt } = report;
  const batching = 'loadMs' in report ? report.batching : undefined;
  const title = `${model} version ${version}: ${outcome}`;
  const sections = [
    'reasons' in report ? list('Reasons', report.reasons) : '',
    'warnings' in report ? list('Warnings', report.warnings) : '',
    'signature' in report ? tensors('Inputs', report.signature.inputs) : '',
    'signature' in report ? tensors('Outputs', report.signature.outputs) : '',
    report.facts ? table('Graph', Object.entries(report.facts)) : '',
    'loadMs' in report
      ? table('Times', [
          ['load, ms', report.loadMs],
          ['run on generated input, ms', report.runMs],
        ])
      : '',
    batching ? table('Batching', batchingRows(batching)) : '',
    table('File', [
      ['SHA-256', digest],
      ['bytes', bytes],
      ['decided', decidedAt],
    ]),
    table('Card', Object.entries(report.card)),
  ];
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${escaped(title)}</title>
<style>
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
th { text-align: left; vertical-align: top; padding-right: 2rem; font-weight: 600 }
td { overflow-wrap: anywhere }
</style>
</head>
<body>
<h1>${escaped(title)}</h1>
${sections.filter(Boolean).join('\n')}
</body>
</html>
`;
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

function list(heading: string, items: readonly string[]): string {
  if (items.length === 0) return '';
  const rows = items.map((item) => `<li>${escaped(item)}</li>`).join('\n');
  return `<h2>${escaped(heading)}</h2>\n<ul>\n${rows}\n</ul>`;
}

function tensors(
  heading: string,
  specs: Extract<Report, { signature: unknown }>['signature']['inputs'],
): string {
  return table(
    heading,
    specs.map(({ name, datatype, shape }) => [name, `${datatype} [${shape.join(', ')}]`]),
  );
}

function table(heading: string, rows: readonly (readonly [string, unknown])[]): string {
  const given = rows.filter(([, value]) => value !== undefined);
  if (given.length === 0) return '';
  const lines = given.map(([name, value]) => {
    const text = typeof value === 'string' ? value : JSON.stringify(value);
    return `<tr><th scope="row">${escaped(name)}</th><td>${escaped(text)}</td></tr>`;
  });
  return `<h2>${escaped(heading)}</h2>\n<table>\n${lines.join('\n')}\n</table>`;
}

/** Names and cards come from whoever registers. */
function escaped(text: string): string {
  const entities: Record<string, string> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
    "'": '&#39;',
  };
  return text.replace(/[&<>"']/g, (character) => entities[character] ?? '');
}
