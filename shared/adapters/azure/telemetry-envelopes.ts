import type {
  Dimensions,
  FinishedSpan,
  MetricPoint,
  SeenException,
  SpanIds,
} from '../../ports/telemetry.ts';
import type { LatencySketch } from '../../telemetry/latency-sketch.ts';

// The envelopes of Application Insights, as its own exporter for OpenTelemetry writes them
// (@azure/monitor-opentelemetry-exporter, which the tests compare these with). Limits are the
// service's: what is longer it cuts or refuses.

/** Who tells. */
export interface Teller {
  readonly instrumentationKey: string;
  /** The app's name on the application map, and the instance's. */
  readonly role: string;
  readonly roleInstance: string;
}

type Tags = Readonly<Record<string, string>>;

/** One line of a request; the service calls it a telemetry item. */
export interface Envelope {
  readonly ver: 1;
  readonly name: string;
  readonly time: string;
  /** In percent: the service counts an item as so many. */
  readonly sampleRate: number;
  readonly iKey: string;
  readonly tags: Tags;
  readonly data: {
    readonly baseType: string;
    readonly baseData: Readonly<Record<string, unknown>>;
  };
}

const MOST_NAME = 1024;
const MOST_KEY = 150;
const MOST_VALUE = 8192;
const MOST_STACK = 32_768;

/** Whether a series holds something, and nothing that JSON can't say. */
export function isTellable({ count, sum, min, max }: MetricPoint): boolean {
  return count > 0 && [count, sum, min, max].every(Number.isFinite);
}

/** The sum, count, least and most of a series until `at`; a sketch is the dimension `sketch`. */
export function metricEnvelope(point: MetricPoint, at: number, teller: Teller): Envelope {
  const { name, dimensions, count, sum, min, max, sketch } = point;
  const aggregate = { name: cut(name, MOST_NAME), kind: 'Aggregation', value: sum };
  return envelope(teller, {
    kind: 'Metric',
    at,
    baseType: 'MetricData',
    baseData: {
      metrics: [{ ...aggregate, count, min, max }],
      properties: {
        ...propertiesOf(dimensions),
        ...(sketch && { sketch: sketchText(sketch, MOST_VALUE) }),
      },
    },
  });
}

/**
 * A step inside of an operation, never a request: the Functions host tells of those itself. The
 * failure's kind is its result code.
 */
export function spanEnvelope(span: FinishedSpan, teller: Teller): Envelope {
  return envelope(teller, {
    kind: 'RemoteDependency',
    at: span.startedAt,
    sampleRate: 100 / Math.max(1, span.sampledOf),
    tags: operationTags(span, span.parentId),
    baseType: 'RemoteDependencyData',
    baseData: {
      id: span.spanId,
      name: cut(span.name, MOST_NAME),
      type: 'InProc',
      duration: timeSpan(span.ms),
      success: span.failure === undefined,
      resultCode: span.failure ?? '0',
      properties: propertiesOf(span.attributes),
    },
  });
}

/** Its parent is the step in which it was seen. Problems of one kind and class are one. */
export function exceptionEnvelope(seen: SeenException, teller: Teller): Envelope {
  const { kind, type, stack } = seen;
  const details = { typeName: cut(type, MOST_NAME), message: kind };
  return envelope(teller, {
    kind: 'Exception',
    at: seen.at,
    tags: operationTags(seen, seen.spanId),
    baseType: 'ExceptionData',
    baseData: {
      exceptions: [{ ...details, hasFullStack: stack !== '', stack: cut(stack, MOST_STACK) }],
      severityLevel: 'Error',
      problemId: cut(`${kind} ${type}`, MOST_NAME),
      properties: { ...propertiesOf(seen.attributes), kind },
    },
  });
}

interface Told {
  readonly kind: string;
  readonly at: number;
  readonly sampleRate?: number;
  readonly tags?: Tags;
  readonly baseType: string;
  readonly baseData: Readonly<Record<string, unknown>>;
}

function envelope(teller: Teller, told: Told): Envelope {
  const { kind, at, sampleRate = 100, tags, baseType, baseData } = told;
  return {
    ver: 1,
    name: `Microsoft.ApplicationInsights.${kind}`,
    time: new Date(at).toISOString(),
    sampleRate,
    iKey: teller.instrumentationKey,
    tags: {
      'ai.cloud.role': teller.role,
      'ai.cloud.roleInstance': teller.roleInstance,
      'ai.internal.sdkVersion': 'pilotlight',
      ...tags,
    },
    data: { baseType, baseData: { ver: 2, ...baseData } },
  };
}

function operationTags({ traceId }: SpanIds, parentId: string | undefined): Tags {
  return {
    'ai.operation.id': traceId,
    ...(parentId !== undefined && { 'ai.operation.parentId': parentId }),
  };
}

function propertiesOf(members: Dimensions | FinishedSpan['attributes']): Record<string, string> {
  return Object.fromEntries(
    Object.entries(members).map(([key, value]) => [
      cut(key, MOST_KEY),
      cut(String(value), MOST_VALUE),
    ]),
  );
}

function cut(text: string, most: number): string {
  return text.length <= most ? text : text.slice(0, most);
}

/** .NET's `[d.]hh:mm:ss.fffffff`, which counts 100 ns. */
export function timeSpan(ms: number): string {
  const ticks = Math.round(Math.max(0, Number.isFinite(ms) ? ms : 0) * 10_000);
  const seconds = Math.floor(ticks / 1e7);
  const two = (value: number) => String(Math.floor(value)).padStart(2, '0');
  const days = Math.floor(seconds / 86_400);
  const clock = [two((seconds / 3_600) % 24), two((seconds / 60) % 60), two(seconds % 60)].join(
    ':',
  );
  return `${days > 0 ? `${days}.` : ''}${clock}.${String(ticks % 1e7).padStart(7, '0')}`;
}

/**
 * `{"<bucket>":count}` in at most `most` characters: where it is longer, 2, 4, … neighbours become
 * one, at the bucket in their middle.
 */
export function sketchText({ buckets }: LatencySketch, most: number): string {
  const counts = Object.entries(buckets).map(([bucket, count]) => [Number(bucket), count] as const);
  for (let width = 1; ; width *= 2) {
    const merged: Record<string, number> = {};
    for (const [bucket, count] of counts) {
      const middle = Math.floor(bucket / width) * width + (width >> 1);
      merged[middle] = (merged[middle] ?? 0) + count;
    }
    const text = JSON.stringify(merged);
    if (text.length <= most || Object.keys(merged).length <= 1) return text;
  }
}
