import { OURS, type Results } from './results.ts';
import { spreadOf } from './spread.ts';
import { digits } from './table.ts';
import { WORKLOADS } from './workloads.ts';

const CLIENTS = 8;
const WIDTH = 760;
const LABELS = 170;
const VALUES = 90;
const BAR = 18;
const GAP = 6;
const HEAD = 30;

/** The bars of a panel, from top to bottom. */
const BARS = [
  { subject: 'bare', encoding: undefined, label: 'runtime alone', fill: '#9aa5b1' },
  { subject: OURS, encoding: 'binary', label: 'Pilotlight, binary', fill: '#1f6feb' },
  { subject: OURS, encoding: 'json', label: 'Pilotlight, JSON', fill: '#6ca4f8' },
  { subject: 'naive', encoding: 'json', label: 'naive server, JSON', fill: '#d9822b' },
  { subject: 'empty', encoding: 'binary', label: 'empty answer, binary', fill: '#d5dae0' },
] as const;

interface Bar {
  readonly label: string;
  readonly fill: string;
  readonly perSecond: number;
}

/** Requests a second of each workload at 8 clients, as bars: an SVG document. */
export function picture(results: Results): string {
  const panels = WORKLOADS.map(({ name, title }) => ({
    title,
    bars: barsOf(results, name),
  })).filter(({ bars }) => bars.length > 0);
  let top = HEAD;
  const drawn = panels.map(({ title, bars }) => {
    const panel = draw(title, bars, top);
    top += HEAD + bars.length * (BAR + GAP) + GAP;
    return panel;
  });
  const { machine } = results;
  const foot = `${machine.cpu}, ${machine.cpus} vCPU, Node ${machine.node}, onnxruntime ${machine.onnxruntime}`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${top + HEAD}" font-family="sans-serif" font-size="13" fill="#1c2733">`,
    `<rect width="${WIDTH}" height="${top + HEAD}" fill="#fff"/>`,
    text(`Requests a second, ${CLIENTS} clients`, { x: 12, y: 22, weight: 'bold' }),
    ...drawn,
    text(foot, { x: 12, y: top + 18, weight: 'normal' }),
    '</svg>\n',
  ].join('\n');
}

function barsOf({ throughput }: Results, workload: string): Bar[] {
  return BARS.flatMap(({ subject, encoding, label, fill }) => {
    const arm = throughput.find(
      (each) =>
        each.workload === workload &&
        each.subject === subject &&
        each.encoding === encoding &&
        each.clients === CLIENTS,
    );
    return arm ? [{ label, fill, perSecond: spreadOf(arm.perSecond).median }] : [];
  });
}

/** One panel; its longest bar takes all the room there is. */
function draw(title: string, bars: readonly Bar[], top: number): string {
  const longest = Math.max(...bars.map(({ perSecond }) => perSecond));
  const room = WIDTH - LABELS - VALUES;
  const rows = bars.map(({ label, fill, perSecond }, index) => {
    const y = top + HEAD + index * (BAR + GAP);
    const length = Math.max(1, Math.round((perSecond / longest) * room));
    return [
      text(label, { x: LABELS - 8, y: y + 13, anchor: 'end' }),
      `<rect x="${LABELS}" y="${y}" width="${length}" height="${BAR}" fill="${fill}"/>`,
      text(digits(perSecond), { x: LABELS + length + 6, y: y + 13 }),
    ].join('');
  });
  return [text(title, { x: 12, y: top + 20, weight: 'bold' }), ...rows].join('\n');
}

function text(
  content: string,
  at: { x: number; y: number; weight?: 'bold' | 'normal'; anchor?: 'end' },
): string {
  const weight = at.weight ? ` font-weight="${at.weight}"` : '';
  const anchor = at.anchor ? ` text-anchor="${at.anchor}"` : '';
  return `<text x="${at.x}" y="${at.y}"${weight}${anchor}>${escaped(content)}</text>`;
}

function escaped(content: string): string {
  return content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
