import { quantile } from './figures.ts';
import { PLANS, type Tried, tryPlans } from './report.ts';
import { type TraceName, traceNamed } from './traces.ts';

const WIDTH = 760;
const LEFT = 52;
const RIGHT = 12;
const PLOT = 90;
const GAP = 34;
const COLUMNS = 180;
const COLOURS = ['#1f6feb', '#d9822b', '#2a9d62', '#8a4baf'];
/** What is drawn of a trace, in minutes: of a night, the hour in which something happens. */
const DRAWN: readonly { name: TraceName; from: number; to: number }[] = [
  { name: 'steady', from: 0, to: 60 },
  { name: 'bursty', from: 0, to: 60 },
  { name: 'nightly', from: 115, to: 145 },
];

interface Window {
  readonly fromMs: number;
  readonly toMs: number;
}

/** Instances, and the p95 of what requests waited, over time: an SVG document. */
export function picture(): string {
  const plans = Object.values(PLANS).map((make) => make());
  let top = 44;
  const drawn = DRAWN.flatMap(({ name, from, to }) => {
    const window = { fromMs: from * 60_000, toMs: to * 60_000 };
    const tried = tryPlans(traceNamed(name), plans);
    const rows = [
      panel(
        `${name}: instances`,
        top,
        tried.map((each) => instances(each, window)),
      ),
    ];
    top += PLOT + GAP;
    if (name !== 'nightly') {
      const waits = tried.map((each) => waiting(each, window));
      rows.push(panel(`${name}: p95 of waiting, ms`, top, waits));
      top += PLOT + GAP;
    }
    rows.push(
      text(`minute ${from}`, LEFT, top - 20),
      text(`${to}`, WIDTH - RIGHT, top - 20, 'end'),
    );
    return rows;
  });
  const legend = plans.map(({ name }, index) => {
    const x = LEFT + index * 160;
    return `<rect x="${x}" y="12" width="12" height="12" fill="${COLOURS[index]}"/>${text(name, x + 18, 22)}`;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${top}" font-family="sans-serif" font-size="12" fill="#1c2733">`,
    `<rect width="${WIDTH}" height="${top}" fill="#fff"/>`,
    ...legend,
    ...drawn,
    '</svg>\n',
  ].join('\n');
}

/** By column, the most there were. */
function instances({ outcome }: Tried, { fromMs, toMs }: Window): number[] {
  const sum = new Array<number>(COLUMNS).fill(0);
  for (const sizes of outcome.sizes) {
    const most = new Array<number>(COLUMNS).fill(0);
    for (const [index, { at, count }] of sizes.entries()) {
      const until = sizes[index + 1]?.at ?? Number.POSITIVE_INFINITY;
      for (let column = 0; column < COLUMNS; column++) {
        const begin = fromMs + (column * (toMs - fromMs)) / COLUMNS;
        const end = begin + (toMs - fromMs) / COLUMNS;
        if (at < end && until > begin) most[column] = Math.max(most[column] ?? 0, count);
      }
    }
    for (const [column, count] of most.entries()) sum[column] = (sum[column] ?? 0) + count;
  }
  return sum;
}

/** By column of arrival; 0 where nothing came. */
function waiting({ outcome }: Tried, { fromMs, toMs }: Window): number[] {
  const columns = Array.from({ length: COLUMNS }, (): number[] => []);
  for (const { at, ms } of outcome.waits) {
    columns[Math.floor(((at - fromMs) / (toMs - fromMs)) * COLUMNS)]?.push(ms);
  }
  return columns.map((waits) =>
    waits.length === 0 ? 0 : quantile(Float64Array.from(waits).sort(), 0.95),
  );
}

/** A line for each plan, on one scale. */
function panel(title: string, top: number, lines: readonly (readonly number[])[]): string {
  const most = Math.max(1, ...lines.flat());
  const step = (WIDTH - LEFT - RIGHT) / COLUMNS;
  const drawn = lines.map((values, index) => {
    const points = values.map((value, column) => {
      const x = LEFT + (column + 0.5) * step;
      return `${x.toFixed(1)},${(top + PLOT - (value / most) * PLOT).toFixed(1)}`;
    });
    return `<polyline points="${points.join(' ')}" fill="none" stroke="${COLOURS[index]}" stroke-width="1.5"/>`;
  });
  return [
    text(title, LEFT, top - 5),
    `<path d="M${LEFT} ${top}V${top + PLOT}H${WIDTH - RIGHT}" fill="none" stroke="#9aa5b1"/>`,
    text(String(Math.round(most)), LEFT - 6, top + 10, 'end'),
    text('0', LEFT - 6, top + PLOT, 'end'),
    ...drawn,
  ].join('\n');
}

function text(content: string, x: number, y: number, anchor = 'start'): string {
  return `<text x="${x}" y="${y}" text-anchor="${anchor}">${content}</text>`;
}
