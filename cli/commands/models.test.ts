import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { problem } from '../stand-ins/told.ts';
import { Workbench } from '../stand-ins/workbench.ts';

let bench: Workbench;
beforeEach(async () => {
  bench = await new Workbench().open();
});
afterEach(() => bench.close());

const version = (n: number) => ({
  version: String(n),
  state: 'ready',
  createdAt: '2030-01-01T00:00:00.000Z',
});
const churn = {
  name: 'churn',
  routing: { production: '2', candidate: { version: '1', percent: 10 } },
  aliases: { champion: '2' },
  versions: [version(2), version(1)],
};
const digits = { name: 'digits', routing: {}, aliases: {}, versions: [] };

describe('models', () => {
  beforeEach(() => {
    bench.server.routes.set('GET /models', ({ path }) =>
      path.includes('continuation=next')
        ? { status: 200, body: { models: [digits] } }
        : { status: 200, body: { models: [churn], continuation: 'next' } },
    );
  });

  test('lists them all', async () => {
    expect(await bench.run('models')).toBe(0);
    expect(bench.terminal.output).toBe(
      [
        'MODEL   PRODUCTION  CANDIDATE  VERSIONS',
        'churn   2           1 (10 %)   2',
        'digits  -           -          0',
        '',
      ].join('\n'),
    );
  });

  test('lists them all in one document', async () => {
    expect(await bench.run('--json', 'models')).toBe(0);
    expect(bench.terminal.document()).toEqual({ models: [churn, digits] });
  });

  test('says how to make the first', async () => {
    bench.server.routes.set('GET /models', () => ({ status: 200, body: { models: [] } }));
    expect(await bench.run('models')).toBe(0);
    expect(bench.terminal.output).toBe('');
    expect(bench.terminal.said.join()).toMatch(/pilotlight register/);
  });
});

describe('models NAME', () => {
  beforeEach(() => {
    bench.server.routes.set('GET /models/churn', () => ({ status: 200, body: churn }));
  });

  test('shows routing, signature and versions', async () => {
    const body = {
      inputs: [
        { name: 'a', datatype: 'FP32', shape: [-1, 2] },
        { name: 'b', datatype: 'BYTES', shape: [-1] },
      ],
      outputs: [{ name: 'label', datatype: 'INT64', shape: [-1] }],
    };
    bench.server.routes.set('GET /v2/models/churn', () => ({ status: 200, body }));
    expect(await bench.run('models', 'churn')).toBe(0);
    expect(bench.terminal.output).toBe(
      [
        'model       churn',
        'production  2',
        'candidate   1 (10 %)',
        'aliases     champion → 2',
        'inputs      a FP32 [-1,2]',
        '            b BYTES [-1]',
        'outputs     label INT64 [-1]',
        '',
        'VERSION  STATE  REGISTERED',
        '2        ready  2030-01-01T00:00:00.000Z',
        '1        ready  2030-01-01T00:00:00.000Z',
        '',
      ].join('\n'),
    );
  });

  test('shows one that nothing is routed to', async () => {
    bench.server.routes.set('GET /v2/models/churn', () => problem(404, 'nothing routed'));
    expect(await bench.run('models', 'churn')).toBe(0);
    expect(bench.terminal.output).toMatch(/^VERSION/m);
  });

  test('is the answer itself for scripts', async () => {
    expect(await bench.run('models', 'churn', '--json')).toBe(0);
    expect(bench.terminal.document()).toEqual(churn);
  });
});
