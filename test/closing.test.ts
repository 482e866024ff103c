import { expect, jest, test } from '@jest/globals';
import { METRICS } from '../shared/telemetry/metric-names.ts';
import { createMemoryApp } from './memory-app.ts';
import { KeepingSink } from './telling.ts';

test('what was counted is sent at once when an app closes, however long its runs take to end', async () => {
  const sink = new KeepingSink();
  const settings = {
    APPLICATIONINSIGHTS_CONNECTION_STRING: 'InstrumentationKey=none',
    PILOTLIGHT_TELEMETRY_FLUSH_MS: '600000',
  };
  const app = await createMemoryApp(settings, sink);
  app.telemetry.count(METRICS.requests, { outcome: 'ok' });
  let end: () => void = () => undefined;
  const runs = new Promise<void>((done) => (end = done));
  const close = app.engine.close.bind(app.engine);
  jest.spyOn(app.engine, 'close').mockImplementation(async () => {
    await runs;
    await close();
  });
  const closing = app.close();
  const deadline = Date.now() + 2_000;
  while (sink.taken.length === 0 && Date.now() < deadline) await new Promise(setImmediate);
  expect(sink.sum(METRICS.requests.name)).toBe(1);
  end();
  await closing;
});
