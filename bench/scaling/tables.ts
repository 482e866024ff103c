import { digits, table } from '../table.ts';
import type { Figures } from './figures.ts';

export interface Row {
  readonly name: string;
  readonly figures: Figures;
}

const HEAD = [
  'instances, mean',
  'most',
  'waited p50',
  'p95',
  'p99, ms',
  'for a start',
  'lost',
  'file, min',
  'GB-s',
  'vCPU-s',
  'executions',
  '$ a month',
];

/** A line for each run; the first column is `what`. Executions and seconds are the trace's own. */
export function figuresTable(what: string, rows: readonly Row[]): string {
  return table(
    [what, ...HEAD],
    rows.map(({ name, figures }) => [
      name,
      digits(figures.instancesMean),
      String(figures.instancesMax),
      digits(round(figures.waitP50Ms)),
      digits(round(figures.waitP95Ms)),
      digits(round(figures.waitP99Ms)),
      `${digits(round(100 * figures.coldShare))} %`,
      String(figures.lost),
      figures.batchMinutes === undefined ? '–' : digits(round(figures.batchMinutes)),
      digits(Math.round(figures.gbSeconds)),
      digits(Math.round(figures.vcpuSeconds)),
      String(figures.executions),
      dollars(figures.monthly),
    ]),
  );
}

export function dollars(amount: number): string {
  return amount === 0 ? '0' : amount.toFixed(amount < 100 ? 2 : 0);
}

function round(value: number): number {
  return Math.round(10 * value) / 10;
}
