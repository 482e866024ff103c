import { metricEnvelope } from '../../shared/adapters/azure/telemetry-envelopes.ts';
import type { MetricPoint } from '../../shared/ports/telemetry.ts';
import { type LatencySketch, SketchBuilder } from '../../shared/telemetry/latency-sketch.ts';
import {
  alertQuery,
  alertRules,
  readInfraFiles,
  workbookPaths,
  workbookQuery,
} from './alert-rules.ts';
import { metricRow, tellerAt } from './arrived-rows.ts';
import { runQuery } from './kql-engine.ts';
import type { Row } from './kql-values.ts';

export const INFRA = readInfraFiles();
export const MINUTE = 60_000;
export const NOW = Date.UTC(2026, 10, 22, 12);

export type Point = Omit<MetricPoint, 'dimensions'> & {
  readonly dimensions?: MetricPoint['dimensions'];
  readonly at?: number;
  readonly instance?: string;
};

/** A point as it arrives in the workspace. */
export function arrived({ dimensions = {}, at = NOW, instance, ...point }: Point): Row {
  return metricRow(metricEnvelope({ ...point, dimensions }, at, tellerAt(instance)));
}

/** Something that happened `times` times. */
export function counted(
  metric: { name: MetricPoint['name'] },
  times: number,
  dimensions = {},
): Point {
  return { name: metric.name, dimensions, count: times, sum: times, min: 1, max: 1 };
}

export function sketchOf(values: readonly number[]): LatencySketch {
  const builder = new SketchBuilder();
  for (const value of values) builder.add(value);
  return builder.sketch();
}

export function taken(
  metric: { name: MetricPoint['name'] },
  values: readonly number[],
  dimensions = {},
): Point {
  return {
    name: metric.name,
    dimensions,
    count: values.length,
    sum: values.reduce((sum, value) => sum + value, 0),
    min: Math.min(...values),
    max: Math.max(...values),
    sketch: sketchOf(values),
  };
}

export const NOTHING = {
  AppMetrics: [],
  AppRequests: [],
  AppDependencies: [],
  AppExceptions: [],
  AppTraces: [],
  _LogOperation: [],
};

export function alert(
  name: string,
  points: readonly Point[],
  others: Readonly<Record<string, Row[]>> = {},
) {
  const rule = alertRules(INFRA).find((each) => each.name === name);
  if (!rule) throw new Error(`no alert ${name}`);
  const tables = { ...NOTHING, AppMetrics: points.map(arrived), ...others };
  const rows = runQuery(alertQuery(INFRA, rule), { tables, now: NOW });
  return { rows, raised: rows.filter((row) => Number(row[rule.measure]) > rule.above) };
}

export function shown(
  name: string,
  points: readonly Point[],
  parameters = {},
  others: Readonly<Record<string, Row[]>> = {},
) {
  const path = workbookPaths(INFRA).get(name);
  if (path === undefined) throw new Error(`the workbook has no ${name}`);
  const tables = { ...NOTHING, AppMetrics: points.map(arrived), ...others };
  return runQuery(workbookQuery(INFRA, path, parameters), { tables, now: NOW });
}

/** What figures of a version are told apart by. */
export const OF_M = { model: 'm', version: '3', route: 'production' };
