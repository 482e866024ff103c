import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { Workbench } from '../stand-ins/workbench.ts';

let bench: Workbench;
beforeEach(async () => {
  bench = await new Workbench().open();
});
afterEach(() => bench.close());

const figures = (accuracy: number) => ({
  accuracy: { value: accuracy, low: accuracy - 0.02, high: accuracy + 0.02 },
  macro: { f1: { value: accuracy - 0.01 } },
});
const report = (version: string, accuracy: number) => ({
  model: 'churn',
  version,
  outcome: 'rejected',
  reasons: ['macro F1 is 0.06 below production'],
  quality: {
    rows: 1450,
    figures: figures(accuracy),
    comparison: { production: figures(0.9), difference: figures(-0.1) },
  },
  cost: { bytes: 82_146, loadMs: 3.25, alone: { p50: 0.05, p95: 0.125, p99: 0.5 } },
  compatibility: { version: 1, found: { kind: 'extended', changes: ['output extra is new'] } },
  gates: [
    { gate: 'noNan', result: 'passed', why: 'none' },
    { gate: 'notWorse', result: 'failed', why: 'too low', figure: -0.06, bound: -0.01 },
  ],
});

describe('report', () => {
  const path = 'GET /models/churn/versions/2/report';

  test('shows what failed first, then the figures', async () => {
    bench.server.routes.set(path, () => ({ status: 200, body: report('2', 0.8) }));
    expect(await bench.run('report', 'churn', '2')).toBe(0);
    expect(bench.terminal.output).toBe(
      [
        'model         churn 2',
        'outcome       rejected',
        'reason        macro F1 is 0.06 below production',
        'callers       extended output extra is new',
        'rows          1,450',
        'bytes         82.1 KB',
        'load          3.250 ms',
        'p50 of a row  0.0500 ms',
        'p95 of a row  0.125 ms',
        '',
        'GATE      RESULT  FIGURE   BOUND    WHY',
        'notWorse  failed  -0.0600  -0.0100  too low',
        'noNan     passed  -        -        none',
        '',
        'FIGURE    VERSION  95 %           PRODUCTION  DIFFERENCE  95 %',
        'accuracy  0.800    0.780 … 0.820  0.900       -0.100      -0.120 … -0.0800',
        'macro f1  0.790                   0.890       -0.110',
        '',
      ].join('\n'),
    );
  });

  test('shows one that got no further than its reasons', async () => {
    const body = { model: 'churn', version: '2', outcome: 'rejected', reasons: ['no ONNX file'] };
    bench.server.routes.set(path, () => ({ status: 200, body }));
    expect(await bench.run('report', 'churn', '2')).toBe(0);
    expect(bench.terminal.output).toBe(
      'model    churn 2\noutcome  rejected\nreason   no ONNX file\n',
    );
  });

  test('--html is the page itself', async () => {
    bench.server.routes.set(path, ({ headers }) => ({
      status: 200,
      headers: { 'content-type': 'text/html' },
      body: headers.accept === 'text/html' ? '<!doctype html>' : '{}',
    }));
    expect(await bench.run('report', 'churn', '2', '--html')).toBe(0);
    expect(bench.terminal.output).toBe('<!doctype html>');
  });

  test('--json is the answer itself', async () => {
    bench.server.routes.set(path, () => ({ status: 200, body: report('2', 0.8) }));
    expect(await bench.run('report', 'churn', '2', '--json')).toBe(0);
    expect(bench.terminal.document()).toEqual(report('2', 0.8));
  });
});

describe('compare', () => {
  test('sets figures and live traffic side by side', async () => {
    const body = {
      model: 'churn',
      a: { version: '1', state: 'ready', report: report('1', 0.9) },
      b: { version: '2', state: 'ready', report: { model: 'churn', version: '2' } },
      live: {
        rollout: 'r1',
        state: 'running',
        since: '2030-01-01T00:00:00.000Z',
        production: { version: '1', requests: 1200, errorRate: 0.0025, answers: { no: 1200 } },
        candidate: { version: '2', requests: 300, errorRate: 0, p95Ms: 1.25 },
        shadow: { compared: 50, agreement: 0.98 },
      },
    };
    bench.server.routes.set('GET /models/churn/compare', () => ({ status: 200, body }));
    expect(await bench.run('compare', 'churn', '1', 'champion')).toBe(0);
    expect(bench.server.asked.map(({ path }) => path)).toEqual([
      '/models/churn/compare?a=1&b=champion',
    ]);
    expect(bench.terminal.output).toBe(
      [
        'FIGURE          VERSION 1  VERSION 2',
        'state           ready      ready',
        'accuracy        0.900      -',
        'macro f1        0.890      -',
        'bytes           82.1 KB    -',
        'load            3.250 ms   -',
        'p50 of a row    0.0500 ms  -',
        'p95 of a row    0.125 ms   -',
        'live requests   1200       300',
        'live errorRate  0.00250    0',
        'live p95Ms      -          1.250',
        '',
        'live since       2030-01-01T00:00:00.000Z',
        'rollout          r1, running',
        'copies compared  50',
        'agreement        0.980',
        '',
      ].join('\n'),
    );
  });
});
