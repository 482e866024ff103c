import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { problem } from '../stand-ins/told.ts';
import { Workbench } from '../stand-ins/workbench.ts';

let bench: Workbench;
beforeEach(async () => {
  bench = await new Workbench().open();
});
afterEach(() => bench.close());

describe('rollback', () => {
  const body = { name: 'churn', routing: { production: '2' } };

  test('says what is in production now', async () => {
    bench.server.routes.set('POST /models/churn/rollback', () => ({ status: 200, body }));
    expect(await bench.run('rollback', 'churn')).toBe(0);
    expect(bench.terminal.output).toBe('churn version 2 is in production\n');
  });

  test('goes back once though its first answer was lost', async () => {
    bench.server.routes.set('POST /models/churn/rollback', () => ({ status: 200, body }));
    bench.server.fail(/rollback/, 'reset');
    expect(await bench.run('rollback', 'churn', '--json')).toBe(0);
    expect(bench.terminal.document()).toEqual(body);
    const keys = bench.server.of(/rollback/).map(({ headers }) => headers['idempotency-key']);
    expect(new Set(keys)).toEqual(new Set([expect.stringMatching(/./)]));
  });

  test('says that there is nothing to go back to', async () => {
    bench.server.fail(/rollback/, problem(409, 'no version was in production before'));
    expect(await bench.run('rollback', 'churn')).toBe(1);
    expect(bench.terminal.said).toEqual(['error: no version was in production before']);
  });
});

describe('events', () => {
  const event = (seq: number) => ({
    seq,
    at: `2030-01-01T00:00:0${seq}.000Z`,
    who: 'rollout',
    type: 'rolloutAdvanced',
    why: `step ${seq}`,
  });

  test('lists all, oldest first, page after page', async () => {
    bench.server.routes.set('GET /models/churn/events', ({ path }) =>
      path.includes('continuation')
        ? { status: 200, body: { events: [event(2)] } }
        : { status: 200, body: { events: [event(1)], continuation: 'next' } },
    );
    expect(await bench.run('events', 'churn')).toBe(0);
    expect(bench.terminal.output).toBe(
      [
        'SEQ  AT                        WHO      WHAT             WHY',
        '1    2030-01-01T00:00:01.000Z  rollout  rolloutAdvanced  step 1',
        '2    2030-01-01T00:00:02.000Z  rollout  rolloutAdvanced  step 2',
        '',
      ].join('\n'),
    );
  });

  test('--at tells what was routed then', async () => {
    const body = {
      at: '2030-01-01T00:00:00.000Z',
      routing: { production: '1', shadow: { version: '2', percent: 10 } },
      aliases: { champion: '1' },
    };
    bench.server.routes.set('GET /models/churn/events', () => ({ status: 200, body }));
    expect(await bench.run('events', 'churn', '--at', '2030-01-01T01:00:00+01:00')).toBe(0);
    expect(bench.server.asked.map(({ path }) => path)).toEqual([
      '/models/churn/events?at=2030-01-01T01%3A00%3A00%2B01%3A00',
    ]);
    expect(bench.terminal.output).toBe(
      [
        'at          2030-01-01T00:00:00.000Z',
        'production  1',
        'candidate   -',
        'shadow      2 (10 %)',
        'aliases     champion → 1',
        '',
      ].join('\n'),
    );
  });
});
