import { describe, expect, test } from '@jest/globals';
import type { Results } from './results.ts';
import { arm, noResults } from './sample-results.ts';
import { isMet, judge } from './targets.ts';

const bare = { subject: 'bare', encoding: undefined, loopP99Ms: [] } as const;

/** What was found of the promise whose text holds `what`. */
function judged(results: Partial<Results>, what: string) {
  const found = judge({ ...noResults(), ...results }).filter((shown) => shown.what.includes(what));
  return found.map((shown) => ({ median: shown.found.median, met: isMet(shown) }));
}

describe('the promises', () => {
  test('of a run that measured nothing are none', () => {
    expect(judge(noResults())).toEqual([]);
  });

  test('are judged by ratios of neighbouring rounds', () => {
    // By medians it were 80 over 100.
    const throughput = [
      arm({ perSecond: [80, 160, 39] }),
      arm({ ...bare, perSecond: [100, 210, 50] }),
    ];
    expect(judged({ throughput }, 'over the bare loop')).toEqual([{ median: 0.78, met: true }]);
    const slower = [arm({ perSecond: [77, 77, 77] }), arm({ ...bare })];
    expect(judged({ throughput: slower }, 'over the bare loop')).toMatchObject([{ met: false }]);
  });

  test('are of the same clients and encoding', () => {
    const throughput = [
      arm({ workload: 'mlp', clients: 64, encoding: 'json', perSecond: [65] }),
      arm({ workload: 'mlp', clients: 64, encoding: 'binary', perSecond: [90] }),
      arm({ workload: 'mlp', clients: 64, encoding: 'json', subject: 'empty', perSecond: [100] }),
      arm({ workload: 'mlp', clients: 64, encoding: 'binary', subject: 'empty', perSecond: [120] }),
      arm({ workload: 'mlp', clients: 8, encoding: 'binary', subject: 'empty', perSecond: [10] }),
    ].map((each) => ({ ...each, loopP99Ms: [1] }));
    expect(judged({ throughput }, 'over the empty answer')).toEqual([
      { median: 0.65, met: true },
      { median: 0.75, met: false },
    ]);
  });

  test('of the event loop are a time at 8 clients, and a ratio at 64', () => {
    const throughput = [
      arm({ loopP99Ms: [1, 2.5, 2] }),
      arm({ clients: 64, loopP99Ms: [3, 3, 3] }),
      arm({ clients: 64, subject: 'empty', loopP99Ms: [1, 2, 1] }),
    ];
    expect(judged({ throughput }, 'event loop')).toEqual([
      { median: 2, met: true },
      { median: 3, met: false },
    ]);
  });

  test('are this project’s, not those of a commit it is compared with', () => {
    const throughput = [arm({ subject: 'abc1234' }), arm(bare)];
    expect(judge({ ...noResults(), throughput })).toEqual([]);
  });

  test('of telemetry are over the same without it', () => {
    const at64 = { workload: 'mlp', clients: 64, encoding: 'json', loopP99Ms: [] } as const;
    const throughput = [
      arm({ ...at64, subject: 'telemetry off', perSecond: [100, 50] }),
      arm({ ...at64, subject: 'telemetry on', perSecond: [96, 48] }),
    ];
    const start = { workload: 'cnn', phases: {}, account: undefined };
    const starts = [
      { ...start, subject: 'telemetry off', totalMs: [100, 200] },
      { ...start, subject: 'telemetry on', totalMs: [102, 204] },
    ];
    expect(judged({ throughput, starts }, 'telemetry on over off')).toEqual([
      { median: 0.96, met: false },
      { median: 1.02, met: true },
    ]);
  });

  test('of starts are over the bare start of the same model', () => {
    const start = { phases: {}, account: undefined };
    const starts = [
      { ...start, workload: 'cnn', subject: 'bare', totalMs: [100, 200] },
      { ...start, workload: 'large', subject: 'bare', totalMs: [1, 1] },
      { ...start, workload: 'cnn', subject: 'this', totalMs: [130, 250] },
    ];
    expect(judged({ starts }, 'start')).toEqual([{ median: 1.275, met: false }]);
  });

  test('of memory, swaps and neighbours', () => {
    const results = {
      memory: [
        {
          subject: 'this',
          firstSessionBytes: [90e6],
          furtherSessionBytes: [9e6, 11e6, 10e6],
          furtherModelBytes: 5e6,
          cycles: 10,
          earlyResidentBytes: 100e6,
          lateResidentBytes: 111e6,
        },
      ],
      swaps: [
        {
          subject: 'this',
          workload: 'cnn',
          requests: 10,
          failures: 1,
          versions: { '1': 5, '2': 5 },
          steadyP99Ms: 10,
          swapP99Ms: 20,
        },
      ],
      neighbours: [
        {
          subject: 'this',
          workload: 'cnn',
          loadMs: [100],
          steadyP99Ms: 10,
          loadP99Ms: 20,
          loopP99Ms: [1, 3, 1],
        },
      ],
    };
    expect(judged(results, 'session')).toEqual([{ median: 10, met: true }]);
    expect(judged(results, 'cycles')).toEqual([{ median: 1.11, met: false }]);
    expect(judged(results, 'routing')).toEqual([{ median: 1, met: false }]);
    expect(judged(results, 'beside')).toEqual([
      { median: 2, met: true },
      { median: 1, met: true },
    ]);
  });
});
