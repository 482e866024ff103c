import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { StandInTerminal } from '../stand-ins/terminal.ts';
import { Workbench } from '../stand-ins/workbench.ts';

let bench: Workbench;
beforeEach(async () => {
  bench = await new Workbench().open();
  const file = await bench.file('churn.csv', 'row\na\n');
  for (let i = 0; i < 5; i++) await bench.run('batch', file, '--model', 'churn', '--detach');
  bench.terminal = new StandInTerminal();
});
afterEach(() => bench.close());

describe('batches', () => {
  test('lists the newest, page after page', async () => {
    expect(await bench.run('batches')).toBe(0);
    const [head, ...lines] = bench.terminal.output.trimEnd().split('\n');
    expect(head).toMatch(/^JOB +STATE +MODEL +SCORED +FAILED +CREATED$/);
    expect(lines.map((line) => line.split(/ +/).slice(0, 3))).toEqual(
      ['job5', 'job4', 'job3', 'job2', 'job1'].map((id) => [id, 'queued', 'churn']),
    );
  });

  test('lists no more than asked for, as one document', async () => {
    expect(await bench.run('batches', '--limit', '3', '--json')).toBe(0);
    const { batches } = bench.terminal.document() as { batches: { id: string }[] };
    expect(batches.map(({ id }) => id)).toEqual(['job5', 'job4', 'job3']);
  });

  test('shows one', async () => {
    await bench.run('batches', 'job2');
    bench.terminal = new StandInTerminal();
    expect(await bench.run('batches', 'job2')).toBe(0);
    expect(bench.terminal.output).toMatch(/^job +job2\nstate +running\nmodel +churn 4\n/);
    expect(bench.terminal.output).toMatch(/^chunks +0 of 3$/m);
  });

  test('shows one as it was answered', async () => {
    expect(await bench.run('batches', 'job2', '--json')).toBe(0);
    expect(bench.terminal.document()).toMatchObject({ id: 'job2', state: 'queued', format: 'csv' });
  });

  test('cancels one, once', async () => {
    expect(await bench.run('batches', 'cancel', 'job2')).toBe(0);
    expect(bench.terminal.output).toMatch(/^state +cancelled$/m);
    // The answer to an attempt before may have been lost: cancelled is what was wanted.
    expect(await bench.run('batches', 'cancel', 'job2')).toBe(0);
  });

  test('does not claim to have cancelled what was complete', async () => {
    await bench.run('batches', 'wait', 'job1', '--out', bench.path('out.csv'));
    expect(await bench.run('batches', 'cancel', 'job1')).toBe(1);
    expect(bench.terminal.said.at(-1)).toBe('error: job job1 had ended before: completed');
  });

  test('Ctrl-C leaves a job that is waited for running', async () => {
    bench.server.batches.isHeld = true;
    bench.terminal.onSleep = () => {
      bench.terminal.interrupt();
    };
    expect(await bench.run('batches', 'wait', 'job1', '--out', bench.path('out.csv'))).toBe(130);
    expect(bench.terminal.said.at(-1)).toBe('error: stopped waiting; job job1 goes on');
    expect(bench.server.batches.jobs[0]?.state).toBe('running');
  });

  test.each([
    ['batches', 'nosuch'],
    ['batches', 'cancel', 'nosuch'],
    ['batches', 'wait', 'nosuch'],
  ])('%s %s says that there is none', async (...args) => {
    expect(await bench.run(...args)).toBe(1);
    expect(bench.terminal.said).toEqual(['error: there is no batch nosuch']);
  });
});
