import {
  AzureMonitorLogExporter,
  AzureMonitorMetricExporter,
  AzureMonitorTraceExporter,
} from '@azure/monitor-opentelemetry-exporter';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { SpanKind, SpanStatusCode } from '@opentelemetry/api';
import { DataPointType } from '@opentelemetry/sdk-metrics';
import type { FinishedSpan, MetricPoint, SeenException } from '../../ports/telemetry.ts';
import { type LatencySketch, quantile, SketchBuilder } from '../../telemetry/latency-sketch.ts';
import {
  exceptionEnvelope,
  isTellable,
  metricEnvelope,
  sketchText,
  spanEnvelope,
  timeSpan,
} from './telemetry-envelopes.ts';

// Held to what Microsoft's own exporter writes of the same things, wherever it says the same.

const teller = {
  instrumentationKey: '00000000-1111-2222-3333-444444444444',
  role: 'scores',
  roleInstance: 'i-1',
};
const at = Date.parse('2026-01-02T03:04:05.678Z');
const ids = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331' };
const parentId = '00f067aa0ba902b7';
const hrTime = (ms: number): [number, number] => [Math.floor(ms / 1e3), (ms % 1e3) * 1e6];
const resource = {
  attributes: { 'service.name': teller.role, 'service.instance.id': teller.roleInstance },
};

// It would tell of itself, elsewhere.
const QUIET = {
  APPLICATION_INSIGHTS_NO_STATSBEAT: '1',
  APPLICATIONINSIGHTS_OPENTELEMETRY_RESOURCE_METRIC_DISABLED: 'true',
};
const before = { ...process.env };
beforeAll(() => {
  Object.assign(process.env, QUIET);
});
afterAll(() => {
  process.env = before;
});

interface Exporter {
  export(told: never, done: (result: unknown) => void): Promise<void>;
}

/** The envelope that an exporter writes, taken from its request. */
async function written(
  Exporter: new (options: object) => Exporter,
  told: unknown,
): Promise<Record<string, unknown>> {
  let body = '';
  const exporter = new Exporter({
    connectionString: `InstrumentationKey=${teller.instrumentationKey}`,
    disableOfflineStorage: true,
    httpClient: {
      sendRequest: async (request: { body: string; headers: unknown }) => {
        body = request.body;
        const answer = { itemsReceived: 1, itemsAccepted: 1, errors: [] };
        return await Promise.resolve({
          ...{ request, headers: request.headers },
          ...{ status: 200, bodyAsText: JSON.stringify(answer) },
        });
      },
    },
  });
  await exporter.export(told as never, () => undefined);
  const [envelope] = JSON.parse(body) as [Record<string, unknown>];
  return envelope;
}

/** Without what tells which library wrote it. */
function comparable(told: object): unknown {
  const { tags, ...envelope } = told as { tags?: unknown };
  const { 'ai.internal.sdkVersion': _, ...rest } = tags as Record<string, string>;
  return { ...(JSON.parse(JSON.stringify(envelope)) as object), tags: rest };
}

describe('an envelope is the exporter’s', () => {
  test.each([
    { parentId, failure: 'damaged' as const },
    { parentId, sampledOf: 8 },
  ])('of a span: %j', async (different) => {
    const span: FinishedSpan = {
      ...ids,
      ...{ name: 'infer', startedAt: at, ms: 1234.5, sampledOf: 1 },
      attributes: { model: 'digits', rows: 3 },
      ...different,
    };
    const theirs = await written(AzureMonitorTraceExporter, [
      {
        name: span.name,
        kind: SpanKind.INTERNAL,
        spanContext: () => ({ ...ids, traceFlags: 1 }),
        parentSpanContext: { traceId: ids.traceId, spanId: parentId, traceFlags: 1 },
        startTime: hrTime(at),
        duration: hrTime(span.ms),
        status: { code: span.failure ? SpanStatusCode.ERROR : SpanStatusCode.UNSET },
        attributes: { ...span.attributes, 'microsoft.sample_rate': 100 / span.sampledOf },
        ...{ links: [], events: [], resource },
      },
    ]);
    const ours = spanEnvelope(span, teller);
    const { resultCode, ...baseData } = ours.data.baseData;
    expect(resultCode).toBe(span.failure ?? '0');
    const rewritten = { ...baseData, resultCode: '0', measurements: {} };
    // It shortens fractions of seconds.
    Object.assign(rewritten, { duration: '00:00:01.2345' });
    expect(baseData.duration).toBe('00:00:01.2345000');
    expect(comparable({ ...ours, data: { ...ours.data, baseData: rewritten } })).toEqual(
      comparable(theirs),
    );
  });

  test('of a series, its time aside', async () => {
    const point: MetricPoint = {
      name: 'pilotlight.request.ms',
      dimensions: { model: 'digits', version: '2' },
      ...{ count: 3, sum: 7.5, min: 1, max: 4 },
    };
    const { time, ...theirs } = await written(AzureMonitorMetricExporter, {
      resource,
      scopeMetrics: [
        {
          scope: { name: 'pilotlight' },
          metrics: [
            {
              descriptor: { name: point.name },
              dataPointType: DataPointType.HISTOGRAM,
              dataPoints: [{ attributes: point.dimensions, value: { ...point } }],
            },
          ],
        },
      ],
    });
    // Theirs is when it was sent, however late that is.
    expect(time).not.toBe('2026-01-02T03:04:05.678Z');
    const { time: ourTime, ...ours } = metricEnvelope(point, at, teller);
    expect(ourTime).toBe('2026-01-02T03:04:05.678Z');
    expect(comparable(ours)).toEqual(comparable(theirs));
  });

  test('of an exception, the problem’s id and its kind aside', async () => {
    const seen: SeenException = {
      ...ids,
      ...{ at, kind: 'damaged', type: 'ServingError', stack: '    at open (store.ts:1:2)' },
      attributes: { model: 'digits' },
    };
    const theirs = await written(AzureMonitorLogExporter, [
      {
        hrTime: hrTime(at),
        severityNumber: 17,
        spanContext: { ...ids, traceFlags: 1 },
        resource,
        attributes: {
          ...seen.attributes,
          'exception.type': seen.type,
          'exception.message': seen.kind,
          'exception.stacktrace': seen.stack,
        },
      },
    ]);
    const ours = exceptionEnvelope(seen, teller);
    const { problemId, ...baseData } = ours.data.baseData;
    expect(problemId).toBe('damaged ServingError');
    expect(baseData.properties).toEqual({ model: 'digits', kind: 'damaged' });
    const rewritten = { ...baseData, properties: { model: 'digits' }, measurements: {} };
    expect(comparable({ ...ours, data: { ...ours.data, baseData: rewritten } })).toEqual(
      comparable(theirs),
    );
  });
});

test('a span without a parent begins its operation, inside of the process all the same', () => {
  const span = { ...ids, name: 'tend', startedAt: at, ms: 1, attributes: {}, sampledOf: 1 };
  const { tags, data } = spanEnvelope(span, teller);
  expect(tags['ai.operation.id']).toBe(ids.traceId);
  expect(tags).not.toHaveProperty('ai.operation.parentId');
  expect(data.baseData.type).toBe('InProc');
});

test('what is too long is cut to what the service keeps', () => {
  const seen: SeenException = {
    ...{ ...ids, at, kind: 'bug', type: 'T'.repeat(2_000), stack: 's'.repeat(40_000) },
    attributes: { ['k'.repeat(200)]: 'v'.repeat(9_000) },
  };
  const { exceptions, properties } = exceptionEnvelope(seen, teller).data.baseData as {
    exceptions: { typeName: string; stack: string }[];
    properties: Record<string, string>;
  };
  expect(exceptions[0]?.typeName).toHaveLength(1024);
  expect(exceptions[0]?.stack).toHaveLength(32_768);
  expect(properties['k'.repeat(150)]).toHaveLength(8_192);
});

test('a series of nothing, or of what is no number, is not told', () => {
  const point = { name: 'pilotlight.requests', dimensions: {} } as const;
  expect(isTellable({ ...point, count: 0, sum: 0, min: Infinity, max: -Infinity })).toBe(false);
  expect(isTellable({ ...point, count: 1, sum: NaN, min: 0, max: 1 })).toBe(false);
  expect(isTellable({ ...point, count: 1, sum: 0, min: 0, max: 0 })).toBe(true);
});

test.each([
  [0, '00:00:00.0000000'],
  [-5, '00:00:00.0000000'],
  [Number.NaN, '00:00:00.0000000'],
  [0.0001, '00:00:00.0000001'],
  [59_999.99999, '00:01:00.0000000'],
  [90_061_001.5, '1.01:01:01.0015000'],
])('%d ms as a time span is %s', (ms, text) => {
  expect(timeSpan(ms)).toBe(text);
});

describe('a sketch as text', () => {
  const read = (text: string): LatencySketch => {
    const buckets = JSON.parse(text) as Record<string, number>;
    return { buckets, count: Object.values(buckets).reduce((sum, count) => sum + count, 0) };
  };

  test('is its buckets, and is read back as it was', () => {
    const builder = new SketchBuilder();
    for (let ms = 0.01; ms < 1e4; ms *= 1.3) builder.add(ms);
    const sketch = builder.sketch();
    expect(read(sketchText(sketch, 8_192))).toEqual(sketch);
    expect(metricProperties(sketch)).toEqual({ sketch: JSON.stringify(sketch.buckets) });
  });

  test('that would be too long has wider buckets, all counts, and nearly the same quantiles', () => {
    const builder = new SketchBuilder();
    for (let i = 0; i < 200_000; i++) builder.add(1e-3 * 1.00013 ** i);
    const sketch = builder.sketch();
    expect(JSON.stringify(sketch.buckets).length).toBeGreaterThan(8_192);
    const text = sketchText(sketch, 8_192);
    expect(text.length).toBeLessThanOrEqual(8_192);
    const merged = read(text);
    expect(merged.count).toBe(sketch.count);
    for (const q of [0.01, 0.5, 0.95, 0.99]) {
      const found = quantile(merged, q) ?? NaN;
      const exact = quantile(sketch, q) ?? NaN;
      expect(Math.abs(found / exact - 1)).toBeLessThan(0.045);
    }
    expect(sketchText(sketch, 0)).toBe(
      `{"${Object.keys(read(sketchText(sketch, 0)).buckets)[0]}":200000}`,
    );
  });

  function metricProperties(sketch: LatencySketch): unknown {
    const point: MetricPoint = {
      ...{ name: 'pilotlight.request.ms', dimensions: {}, sketch },
      ...{ count: 1, sum: 1, min: 1, max: 1 },
    };
    return metricEnvelope(point, at, teller).data.baseData.properties;
  }
});
