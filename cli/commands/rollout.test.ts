import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { problem } from '../stand-ins/told.ts';
import { Workbench } from '../stand-ins/workbench.ts';

let bench: Workbench;
beforeEach(async () => {
  bench = await new Workbench().open();
});
afterEach(() => bench.close());

const bodies = () =>
  bench.server.of(/^POST .*rollouts$/).map(({ body }) => JSON.parse(body.toString()) as unknown);

describe('rollout start', () => {
  test('asks for no more than it was told', async () => {
    expect(await bench.run('rollout', 'start', 'churn', '2')).toBe(0);
    expect(bodies()).toEqual([{ version: '2' }]);
    expect(bench.terminal.output).toMatch(
      /^rollout +r1\nstate +running\nmodel +churn 1 → 2\nstage +canary 1 %\nsteps +1 %, 25 %, 100 %\n/,
    );
  });

  test('passes every option on', async () => {
    const options =
      '--steps 1,12.5,100 --min-requests 50 --min-seconds 0 --shadow 10:500 --allow-breaking';
    expect(await bench.run('rollout', 'start', 'churn', '2', ...options.split(' '))).toBe(0);
    expect(bodies()).toEqual([
      {
        version: '2',
        steps: [1, 12.5, 100],
        minRequests: 50,
        minSeconds: 0,
        shadow: { percent: 10, minRequests: 500 },
        allowBreaking: true,
      },
    ]);
  });

  test('leaves how many to compare to the server', async () => {
    expect(await bench.run('rollout', 'start', 'churn', '2', '--shadow', '7.5')).toBe(0);
    expect(bodies()).toEqual([{ version: '2', shadow: { percent: 7.5 } }]);
  });

  test('is one rollout though its first answer was lost', async () => {
    bench.server.fail(/^POST .*rollouts$/, 'reset');
    expect(await bench.run('rollout', 'start', 'churn', '2', '--json')).toBe(0);
    expect(bench.terminal.document()).toMatchObject({ id: 'r1', version: '2' });
    const [first, second] = bench.server.of(/^POST .*rollouts$/);
    expect(first?.headers['idempotency-key']).toBe(second?.headers['idempotency-key']);
  });

  test.each([
    ['--steps', '1,many'],
    ['--steps', '1,,100'],
    ['--steps', '1,101'],
    ['--shadow', '10:'],
    ['--shadow', '10:5:5'],
    ['--shadow', '-1'],
    ['--min-seconds', '1.5'],
  ])('%s %s is a usage error', async (option, value) => {
    expect(await bench.run('rollout', 'start', 'churn', '2', option, value)).toBe(2);
    expect(bench.server.asked).toEqual([]);
  });

  test('says why it was refused', async () => {
    bench.server.fail(/./, problem(409, 'a rollout of version 3 is running'));
    expect(await bench.run('rollout', 'start', 'churn', '2')).toBe(1);
    expect(bench.terminal.said).toEqual(['error: a rollout of version 3 is running']);
  });
});

describe('rollout watch', () => {
  test('tells each stage until the new version took production', async () => {
    expect(await bench.run('rollout', 'start', 'churn', '2', '--watch')).toBe(0);
    expect(bench.terminal.said).toEqual([
      'rollout r1 of churn version 2',
      'canary 1 %',
      'canary 25 %',
    ]);
    expect(bench.terminal.output).toMatch(/^state +completed$/m);
    expect(bench.terminal.output).toMatch(/^why +the last step is over$/m);
  });

  test('fails when the version was rolled back', async () => {
    bench.server.rollouts.ending = 'rolledBack';
    await bench.run('rollout', 'start', 'churn', '2');
    bench.terminal.output = '';
    expect(await bench.run('rollout', 'watch', 'churn', '--json')).toBe(1);
    const error =
      'churn version 2 was rolled back, version 1 stays in production: errors 3 % against 1 %';
    expect(bench.terminal.document()).toMatchObject({ state: 'rolledBack', error });
    expect(bench.terminal.said).toEqual([`error: ${error}`]);
  });

  test('Ctrl-C leaves the rollout going', async () => {
    bench.server.rollouts.ending = 'held';
    await bench.run('rollout', 'start', 'churn', '2');
    bench.terminal.onSleep = () => {
      bench.terminal.interrupt();
    };
    expect(await bench.run('rollout', 'watch', 'churn')).toBe(130);
    expect(bench.terminal.said.at(-1)).toBe(
      'error: stopped watching; the rollout of churn goes on',
    );
    expect(bench.terminal.listeners).toBe(0);
    expect(bench.server.rollouts.rollouts).toMatchObject([{ state: 'running' }]);
  });

  test('goes on through a server that restarts', async () => {
    await bench.run('rollout', 'start', 'churn', '2');
    for (let i = 0; i < 3; i++) bench.server.fail(/^GET .*r1$/, 'reset');
    expect(await bench.run('rollout', 'watch', 'churn', 'r1')).toBe(0);
  });
});

describe('one rollout', () => {
  test.each([
    ['pause', 'paused'],
    ['resume', 'running'],
    ['promote', 'completed'],
    ['abort', 'aborted'],
  ])('%s speaks to the newest', async (command, state) => {
    await bench.run('rollout', 'start', 'churn', '2');
    await bench.run('rollout', 'start', 'churn', '3');
    bench.terminal.output = '';
    expect(await bench.run('rollout', command, 'churn')).toBe(0);
    expect(bench.terminal.output).toMatch(new RegExp(`^rollout +r2\nstate +${state}\n`));
    expect(bench.server.of(/^POST .*r1/)).toEqual([]);
  });

  test('tells the history why', async () => {
    await bench.run('rollout', 'start', 'churn', '2');
    expect(await bench.run('rollout', 'abort', 'churn', '--why', 'too dear')).toBe(0);
    const [asked] = bench.server.of(/^POST .*abort$/);
    expect(JSON.parse(asked?.body.toString() ?? '')).toEqual({ why: 'too dear' });
  });

  test('may be named', async () => {
    await bench.run('rollout', 'start', 'churn', '2');
    await bench.run('rollout', 'start', 'churn', '3');
    bench.terminal.output = '';
    expect(await bench.run('rollout', 'status', 'churn', 'r1', '--json')).toBe(0);
    expect(bench.terminal.document()).toMatchObject({ id: 'r1' });
  });

  test('shows what was found last, with its figures', async () => {
    await bench.run('rollout', 'start', 'churn', '2');
    await bench.run('rollout', 'status', 'churn');
    bench.terminal.output = '';
    expect(await bench.run('rollout', 'status', 'churn')).toBe(0);
    expect(bench.terminal.output).toMatch(
      /^verdict +advance\n +no harm in 120 requests\n +errors 0.500$/m,
    );
  });

  test('where there was none, says how to start one', async () => {
    expect(await bench.run('rollout', 'status', 'churn')).toBe(1);
    expect(bench.terminal.said.join()).toContain('pilotlight rollout start churn VERSION');
  });

  test('all of them, the newest first', async () => {
    await bench.run('rollout', 'start', 'churn', '2');
    await bench.run('rollout', 'start', 'churn', '3');
    bench.terminal.output = '';
    expect(await bench.run('rollout', 'list', 'churn')).toBe(0);
    expect(bench.terminal.output.split('\n').slice(0, 3)).toEqual([
      'ROLLOUT  STATE    VERSIONS  STAGE       STARTED',
      'r2       running  1 → 3     canary 1 %  2030-01-01T00:00:00.000Z',
      'r1       running  1 → 2     canary 1 %  2030-01-01T00:00:00.000Z',
    ]);
  });
});
