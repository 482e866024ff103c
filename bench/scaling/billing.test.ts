import { describe, expect, test } from '@jest/globals';
import { bill, billedMs } from './billing.ts';
import { idleCost } from './idle-cost.ts';
import type { Life } from './record.ts';

const HOUR = 3_600_000;
const MONTH = 730 * HOUR;

function life(periods: [from: number, to: number][], changes: Partial<Life> = {}): Life {
  return {
    from: 0,
    to: MONTH,
    isKept: false,
    periods: periods.map(([from, to]) => ({ from, to })),
    ...changes,
  };
}

describe('what Flex Consumption asks for periods of work', () => {
  test.each<[string, [number, number][], number]>([
    ['nothing', [], 0],
    ['at least a second', [[0, 5]], 1_000],
    ['a second is a second', [[0, 1_000]], 1_000],
    ['then by 100 ms', [[0, 1_001]], 1_100],
    ['fractions of the clock do not count', [[0.1, 1_100.1]], 1_100],
    [
      'each for itself',
      [
        [0, 5],
        [5_000, 5_005],
      ],
      2_000,
    ],
    [
      'within what is paid, nothing more',
      [
        [0, 5],
        [500, 700],
      ],
      1_000,
    ],
    [
      'beyond it, by 100 ms',
      [
        [0, 5],
        [900, 1_250],
      ],
      1_300,
    ],
    [
      'ten a second are all the time',
      Array.from({ length: 100 }, (_, i) => [100 * i, 100 * i + 5]),
      10_000,
    ],
  ])('%s', (_, periods, expected) => {
    expect(billedMs(life(periods).periods)).toBeCloseTo(expected, 6);
  });
});

describe('a month', () => {
  const usage = { requests: 0, executions: 0, durationMs: MONTH };

  test('100 hours of 2 GB on demand: 720,000 GB-s, less 100,000, at 0.000026', () => {
    const lives = [life([[0, 100 * HOUR]])];
    const { gbSeconds, monthly } = bill({ kind: 'flex', memoryGb: 2 }, { ...usage, lives });
    expect(gbSeconds).toBe(720_000);
    expect(monthly).toBeCloseTo(620_000 * 0.000026, 9);
  });

  test('a million executions: 750,000 at 0.40 a million', () => {
    const lives = [life([[0, 5]])];
    const given = { ...usage, lives, executions: 1e6 };
    expect(bill({ kind: 'flex', memoryGb: 2 }, given).monthly).toBeCloseTo(0.3, 9);
    expect(bill({ kind: 'flex', memoryGb: 2 }, { ...given, hasGrants: false }).monthly).toBeCloseTo(
      0.4 + 2 * 0.000026,
      9,
    );
  });

  test('always ready: 730 hours of 2 GB at 0.000004, and its work at 0.000016, no grants', () => {
    const lives = [life([[0, 10 * HOUR]], { isKept: true })];
    const { monthly } = bill({ kind: 'flex', memoryGb: 2 }, { ...usage, lives, executions: 1e6 });
    expect(monthly).toBeCloseTo(5_256_000 * 0.000004 + 72_000 * 0.000016 + 0.4, 9);
  });

  test('an hour’s trace counts 730 times', () => {
    const lives = [life([[0, HOUR]], { to: HOUR })];
    const { gbSeconds, monthly } = bill(
      { kind: 'flex', memoryGb: 2 },
      { ...usage, lives, durationMs: HOUR },
    );
    expect(gbSeconds).toBe(7_200);
    expect(monthly).toBeCloseTo((7_200 * 730 - 100_000) * 0.000026, 6);
  });

  const replicas = { vcpus: 2, memoryGib: 4, clock: { vcpus: 0.5, memoryGib: 1 } };

  test('Container Apps: 100 hours of 2 vCPU, 4 GiB, and the clock, less the grants', () => {
    const lives = [life([], { to: 100 * HOUR })];
    const given = { ...usage, lives, requests: 3e6 };
    const { monthly, vcpuSeconds } = bill({ kind: 'containerApps', ...replicas }, given);
    expect(vcpuSeconds).toBe(720_000 + 1_314_000);
    const gib = 1_440_000 + 2_628_000;
    expect(monthly).toBeCloseTo(
      (2_034_000 - 180_000) * 0.000024 + (gib - 360_000) * 0.000003 + 0.4,
      9,
    );
  });

  test('nodes: vCPU hours; a dedicated plan: instance hours', () => {
    const lives = [life([], { to: 100 * HOUR })];
    const nodes = bill({ kind: 'nodes', ...replicas }, { ...usage, lives });
    expect(nodes.monthly).toBeCloseTo((200 + 365) * 0.048, 9);
    expect(bill({ kind: 'dedicated' }, { ...usage, lives }).monthly).toBeCloseTo(15.5, 9);
  });
});

test('an idle app: a second of an instance each minute, within the grants at 2 GB, not at 4', () => {
  const one = idleCost([60_000], 2048);
  expect(one.executions).toBe(43_800);
  expect(one.gbSeconds).toBe(87_600);
  expect(one.monthly).toBe(0);
  expect(idleCost([60_000], 4096).monthly).toBeCloseTo(75_200 * 0.000026, 9);
  const four = idleCost([60_000, 60_000, 30_000, 30_000], 2048);
  expect(four.executions).toBe(262_800);
  expect(four.monthly).toBeCloseTo(425_600 * 0.000026 + 0.0128 * 0.4, 9);
});
