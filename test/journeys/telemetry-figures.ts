import { randomBytes } from 'node:crypto';
import type { Received } from '../stand-ins/ingestion-server.ts';

// Telemetry as it arrived, read as the workbook reads it.

/** One aggregate of a metric. */
export interface Figure {
  readonly value: number;
  readonly count: number;
  readonly min: number;
  readonly max: number;
  readonly by: Readonly<Record<string, string>>;
}

/** Every aggregate of a metric, where its dimensions are these. */
export function figures(
  taken: readonly Received[],
  name: string,
  by: Readonly<Record<string, string>> = {},
): Figure[] {
  return taken.flatMap(({ data: { baseType, baseData } }) => {
    if (baseType !== 'MetricData') return [];
    const { metrics, properties } = baseData as {
      metrics: (Omit<Figure, 'by'> & { name: string })[];
      properties: Record<string, string>;
    };
    const isWanted = Object.entries(by).every(([key, value]) => properties[key] === value);
    return metrics
      .filter((metric) => metric.name === name && isWanted)
      .map((metric) => ({ ...metric, by: properties }));
  });
}

/** What it came to, over all. */
export function sumOf(...asked: Parameters<typeof figures>): number {
  return figures(...asked).reduce((sum, { value }) => sum + value, 0);
}

/** How many values there were. */
export function countOf(...asked: Parameters<typeof figures>): number {
  return figures(...asked).reduce((sum, { count }) => sum + count, 0);
}

/** A step of an operation. */
export interface Step {
  readonly name: string;
  readonly id: string;
  readonly parentId: string | undefined;
  readonly success: boolean;
  readonly resultCode: string;
  readonly type: string;
  readonly properties: Readonly<Record<string, string>>;
}

/** The steps of an operation, or of all. */
export function steps(taken: readonly Received[], traceId?: string): Step[] {
  return taken.flatMap(({ tags, data: { baseType, baseData } }) =>
    baseType === 'RemoteDependencyData' &&
    (traceId === undefined || tags['ai.operation.id'] === traceId)
      ? [{ ...(baseData as unknown as Step), parentId: tags['ai.operation.parentId'] }]
      : [],
  );
}

/** What a caller that takes part in tracing sends along. */
export function newTrace(): {
  readonly traceId: string;
  readonly spanId: string;
  readonly headers: { readonly traceparent: string };
} {
  const traceId = randomBytes(16).toString('hex');
  const spanId = randomBytes(8).toString('hex');
  return { traceId, spanId, headers: { traceparent: `00-${traceId}-${spanId}-01` } };
}

/** Those whose parent is neither another step of the operation nor the caller: there should be none. */
export function strays(operation: readonly Step[], callerId: string): Step[] {
  const ids = new Set([callerId, ...operation.map(({ id }) => id)]);
  return operation.filter(({ id, parentId }) => !parentId || !ids.has(parentId) || id === parentId);
}
