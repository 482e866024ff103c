import { afterEach, describe, expect, jest, test } from '@jest/globals';
import fc from 'fast-check';
import { answer } from '../../test/predicting-instance.ts';
import { telling } from '../../test/telling.ts';
import { type Failure, ServingError } from '../errors.ts';
import type { ModelName, Version } from '../ids.ts';
import type { TelemetryBatch } from '../ports/telemetry.ts';
import { METRICS } from '../telemetry/metric-names.ts';
import { UNTOLD } from '../telemetry/operation.ts';
import { parseTraceparent } from '../telemetry/trace-context.ts';

const ALWAYS = { done: 'always', refused: 'always' } as const;
const SAMPLED = { done: 'sampled', refused: 'sampled' } as const;
const FINE = 'pilotlight.requests';
const served = (model: string) => ({ model: model as ModelName, version: 1 as Version });
const failure = (kind: Failure['kind'], detail = 'a detail') =>
  new ServingError({ kind, detail, retryAfterSeconds: 1 });

afterEach(() => {
  jest.useRealTimers();
});

describe('each value is sent once', () => {
  test('while sends fail, are taken in parts, and go well, in any order', async () => {
    const outcome = fc.constantFrom('fails', 'part', 'taken');
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat({ max: 3 }), outcome), { maxLength: 15 }),
        async (rounds) => {
          const { telemetry, sink } = telling();
          let happens = 'taken';
          sink.before = (batch) => {
            if (happens === 'fails') return Promise.reject(new Error('no'));
            const left = { ...batch, metrics: batch.metrics.slice(1), spans: [] };
            const part = happens === 'part' && left.metrics.length > 0;
            return Promise.resolve(part ? left : undefined);
          };
          let counted = 0;
          for (const [count, next] of rounds) {
            happens = next;
            for (let each = 0; each < count; each++) {
              telemetry.count(METRICS.requests, { model: `m${each}`, outcome: 'ok' });
              telemetry.end(
                telemetry.begin('work', () => undefined),
                ALWAYS,
              );
            }
            counted += count;
            await telemetry.flush();
          }
          happens = 'taken';
          await telemetry.close(1_000);
          expect(sink.sum(FINE)).toBe(counted);
          expect(new Set(sink.spans.map(({ spanId }) => spanId)).size).toBe(counted);
          expect(sink.spans).toHaveLength(counted);
        },
      ),
    );
  });

  test('what is counted while a send hangs goes with the next, and close waits a moment only', async () => {
    const { telemetry, sink } = telling();
    let release: () => void = () => undefined;
    const hang = new Promise<undefined>((resolve) => {
      release = () => {
        resolve(undefined);
      };
    });
    sink.before = () => hang;
    telemetry.count(METRICS.requests, { outcome: 'ok' });
    const first = telemetry.flush();
    telemetry.count(METRICS.requests, { outcome: 'ok' });
    void telemetry.flush();
    expect(sink.taken).toEqual([]);
    release();
    await first;
    await telemetry.flush();
    expect(sink.taken.map(({ metrics }) => metrics.length)).toEqual([1, 1]);

    sink.before = () => new Promise(() => undefined);
    telemetry.count(METRICS.requests, { outcome: 'ok' });
    const began = performance.now();
    await telemetry.close(50);
    expect(performance.now() - began).toBeLessThan(2_000);
    await telemetry.close(50);
  });

  test('close sends what is left, and the sink is closed', async () => {
    const { telemetry, sink } = telling();
    telemetry.count(METRICS.rows, { model: 'm', version: '1', source: 'http' }, 7);
    await telemetry.close(1_000);
    expect(sink.sum('pilotlight.rows')).toBe(7);
    expect(sink.closed).toBe(true);
  });

  test('one line tells of many sends that fail', async () => {
    const { telemetry, sink, warnings } = telling();
    sink.before = () => Promise.reject(new TypeError('secret=abc'));
    for (let at = 0; at < 3; at++) {
      telemetry.count(METRICS.requests, { outcome: 'ok' });
      await telemetry.flush();
    }
    expect(warnings).toEqual(["telemetry can't be sent, to be tried again: TypeError"]);
  });
});

describe('memory is bounded', () => {
  test('with 10,000 models in one stretch of time', async () => {
    const { telemetry, sink } = telling();
    for (let model = 0; model < 10_000; model++) {
      telemetry.answered(
        { served: served(`m${model}`), route: 'production', answer: answer(1 as Version) },
        UNTOLD,
      );
    }
    await telemetry.flush();
    const [batch] = sink.taken;
    const inTable = batch?.metrics.filter(({ name }) => name !== 'pilotlight.telemetry.dropped');
    expect(inTable?.length).toBeLessThanOrEqual(2_000);
    expect(sink.sum('pilotlight.telemetry.dropped', { what: 'series' })).toBeGreaterThan(0);
    // The next stretch has all its room.
    telemetry.count(METRICS.requests, { model: 'm9999', outcome: 'ok' });
    await telemetry.flush();
    expect(sink.sum(FINE, { model: 'm9999' })).toBe(1);
  });

  test('of spans and exceptions', async () => {
    const { telemetry, sink } = telling();
    for (let each = 0; each < 2_000; each++) {
      telemetry.end(
        telemetry.begin('work', () => undefined),
        ALWAYS,
        new Error('bug'),
      );
    }
    await telemetry.flush();
    expect([sink.spans.length, sink.exceptions.length]).toEqual([1_000, 200]);
    const dropped = (what: string) => sink.sum('pilotlight.telemetry.dropped', { what });
    expect([dropped('span'), dropped('exception')]).toEqual([1_000, 1_800]);
  });

  test('that the service refuses: told beside the next, but no reason to send', async () => {
    const { telemetry, sink } = telling();
    const refused = () => sink.sum('pilotlight.telemetry.dropped', { what: 'refused' });
    telemetry.count(METRICS.rows, { model: 'm', version: '1', source: 'http' });
    sink.refusing = 3;
    for (let times = 0; times < 3; times++) await telemetry.flush();
    expect([sink.taken.length, refused()]).toEqual([1, 0]);
    telemetry.count(METRICS.rows, { model: 'm', version: '1', source: 'http' });
    for (let times = 0; times < 3; times++) await telemetry.flush();
    expect([sink.taken.length, refused()]).toEqual([2, 3]);
  });

  test('while nothing can be sent: the oldest goes, and is told of', async () => {
    const { telemetry, sink } = telling();
    sink.before = () => Promise.reject(new Error('no'));
    for (let round = 0; round < 50; round++) {
      telemetry.count(METRICS.rows, { model: 'm', version: String(round), source: 'http' });
      await telemetry.flush();
    }
    sink.before = () => Promise.resolve(undefined);
    telemetry.count(METRICS.rows, { model: 'm', version: '50', source: 'http' });
    await telemetry.flush();
    await telemetry.close(1_000);
    expect(sink.points('pilotlight.rows').length).toBeLessThanOrEqual(20);
    expect(sink.sum('pilotlight.rows', { version: '50' })).toBe(1);
    // Also of those whose telling went with the batches that it stood in.
    expect(sink.sum('pilotlight.telemetry.dropped', { what: 'batch' })).toBe(
      51 - sink.points('pilotlight.rows').length,
    );
  });
});

test('an idle instance looks at nothing and sends nothing', async () => {
  jest.useFakeTimers();
  const seen = { begun: 0, looked: 0, ended: 0 };
  const { telemetry, sink } = telling({
    config: { flushMs: 15_000, tracesPerSecond: 5 },
    gauges: {
      begin: () => seen.begun++,
      look(recorder) {
        seen.looked++;
        recorder.gauge(METRICS.rss, {}, 100);
      },
      beforeFlush: () => undefined,
      end: () => seen.ended++,
    },
  });
  await jest.advanceTimersByTimeAsync(60_000);
  expect(seen).toEqual({ begun: 0, looked: 0, ended: 0 });

  telemetry.count(METRICS.requests, { outcome: 'ok' });
  await jest.advanceTimersByTimeAsync(15_000);
  expect(sink.taken).toHaveLength(1);
  expect(sink.points('pilotlight.rss.bytes')[0]?.count).toBeGreaterThanOrEqual(14);
  await jest.advanceTimersByTimeAsync(600_000);
  expect(sink.taken).toHaveLength(1);
  expect(seen.ended).toBe(1);
  const { looked } = seen;
  await jest.advanceTimersByTimeAsync(600_000);
  expect(seen.looked).toBe(looked);
  expect(jest.getTimerCount()).toBe(0);

  telemetry.count(METRICS.requests, { outcome: 'ok' });
  await jest.advanceTimersByTimeAsync(15_000);
  expect(sink.taken).toHaveLength(2);
});

test('what can’t be looked at harms nothing', async () => {
  const broken = (): never => {
    throw new Error('no');
  };
  const { telemetry, sink } = telling({
    gauges: { begin: () => undefined, look: broken, beforeFlush: broken, end: () => undefined },
  });
  telemetry.count(METRICS.requests, { outcome: 'ok' });
  const operation = telemetry.begin('work', () => undefined);
  telemetry.end(
    operation,
    ALWAYS,
    Object.defineProperty(new Error('bug'), 'stack', { get: broken }),
  );
  await telemetry.flush();
  expect(sink.sum(FINE)).toBe(1);
});

describe('of work', () => {
  const parent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';

  test('the trace goes on that it came with; a message’s before the host’s', async () => {
    const { telemetry, sink, time } = telling();
    const hosts = parseTraceparent('00-11111111111111111111111111111111-2222222222222222-00');
    const operation = telemetry.begin('score-batch', () => hosts);
    operation.join('nonsense');
    operation.join(parent);
    operation.note({ batch: 'b' });
    operation.note({ chunk: 3 });
    const passedOn = parseTraceparent(operation.traceparent());
    time.now += 25;
    telemetry.end(operation, ALWAYS);
    await telemetry.flush();
    expect(sink.spans).toEqual([
      {
        name: 'score-batch',
        traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
        parentId: '00f067aa0ba902b7',
        spanId: passedOn?.spanId,
        startedAt: 1_700_000_001_000,
        ms: 25,
        attributes: { batch: 'b', chunk: 3 },
        sampledOf: 1,
      },
    ]);
    expect(passedOn?.traceId).toBe('4bf92f3577b34da6a3ce929d0e0e4736');
  });

  test('so many a second are kept of what is sampled, and stand for all', async () => {
    const { telemetry, sink, time } = telling();
    for (let each = 0; each < 1_001; each++) {
      telemetry.end(
        telemetry.begin('infer', () => undefined),
        SAMPLED,
      );
      time.now += 1;
    }
    await telemetry.flush();
    expect(sink.spans.length).toBeGreaterThanOrEqual(9);
    expect(sink.spans.length).toBeLessThanOrEqual(11);
    const told = sink.spans.reduce((sum, { sampledOf }) => sum + sampledOf, 0);
    expect(Math.abs(told - 1_001)).toBeLessThanOrEqual(201);
  });

  test('who begins it may not want it kept; what is ours is told of all the same', async () => {
    const { telemetry, sink } = telling();
    const unwanted = () => parseTraceparent(parent.replace(/01$/, '00'));
    telemetry.end(telemetry.begin('infer', unwanted), SAMPLED);
    telemetry.end(telemetry.begin('infer', unwanted), SAMPLED, failure('malformed'));
    telemetry.end(telemetry.begin('infer', unwanted), SAMPLED, failure('damaged'));
    await telemetry.flush();
    expect(sink.spans.map((span) => span.failure)).toEqual(['damaged']);
    expect(sink.exceptions).toMatchObject([{ kind: 'damaged', type: 'ServingError' }]);
    expect(sink.exceptions[0]).toMatchObject({ spanId: sink.spans[0]?.spanId });
  });

  test('a tick that found nothing is not told of', async () => {
    const { telemetry, sink } = telling();
    const noted = { done: 'noted', refused: 'always' } as const;
    telemetry.end(
      telemetry.begin('sweep', () => undefined),
      noted,
    );
    const found = telemetry.begin('sweep', () => undefined);
    found.note({ found: 1 });
    telemetry.end(found, noted);
    await telemetry.flush();
    expect(sink.spans.map(({ attributes }) => attributes)).toEqual([{ found: 1 }]);
  });

  test('no detail of a failure is told, whatever it says', async () => {
    const text = fc.string({ minLength: 1 }).map((random) => `SECRET ${random} SECRET`);
    const kind = fc.constantFrom<Failure['kind']>('damaged', 'malformed', 'unavailable');
    await fc.assert(
      fc.asyncProperty(text, text, kind, async (detail, name, failed) => {
        const { telemetry, sink } = telling();
        const cause = Object.assign(new Error(`${detail}\n    at ${name} (/SECRET:1:1)`), { name });
        const errors = [
          new ServingError({ ...failure(failed, detail).failure }, { cause }),
          cause,
          detail,
          { detail },
        ];
        for (const error of errors) {
          telemetry.end(
            telemetry.begin('infer', () => undefined),
            SAMPLED,
            error,
          );
        }
        await telemetry.flush();
        expect(sink.spans).toHaveLength(errors.length);
        expect(JSON.stringify(sink.taken)).not.toContain('SECRET');
      }),
      { numRuns: 50 },
    );
  });
});

test('without anybody to tell, nothing is made and nothing is done', async () => {
  const { telemetry } = telling({ outbox: undefined });
  const asked = jest.fn(() => undefined);
  const [first, second] = [telemetry.begin('a', asked), telemetry.begin('b', asked)];
  expect(first).toBe(second);
  telemetry.end(first, ALWAYS, new Error('bug'));
  telemetry.count(METRICS.requests, { outcome: 'ok' });
  expect([telemetry.on, first.traceparent()]).toEqual([false, undefined]);
  await telemetry.flush();
  await telemetry.close(10);
  expect(asked).not.toHaveBeenCalled();
});

test('a batch that is too large for all bounds is sent nevertheless', async () => {
  const { telemetry, sink } = telling();
  const sizes: number[] = [];
  sink.before = (batch: TelemetryBatch) => {
    sizes.push(batch.metrics.length);
    return Promise.resolve(undefined);
  };
  for (let at = 0; at < 2_500; at++) telemetry.count(METRICS.batches, { model: `m${at}` });
  await telemetry.flush();
  expect(sizes).toEqual([2_001]);
});
