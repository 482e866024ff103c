import { describe, expect, test } from '@jest/globals';
import { report } from './report.ts';
import { arm, noResults } from './sample-results.ts';

describe('the report', () => {
  test('tells the machine and the versions, and of what was not measured', () => {
    const text = report({ ...noResults(), failed: ['text16: out of luck'] });
    expect(text).toContain('2 vCPU, 8 GiB; Node 20.0.0, onnxruntime 1.30.0; commit abc1234');
    expect(text).toContain('3 rounds of 100 ms');
    expect(text).toContain('NOT MEASURED: text16: out of luck');
  });

  test('has medians with their ends, and says of a promise whether it was kept', () => {
    const bare = { subject: 'bare', encoding: undefined, loopP99Ms: [], loopMaxMs: undefined };
    const throughput = [
      arm({ perSecond: [60, 85, 80] }),
      arm({ ...bare, perSecond: [100, 100, 100] }),
    ];
    const lines = report({ ...noResults(), throughput }).split('\n');
    expect(lines.find((line) => line.startsWith('| this, binary'))).toContain('80 [60–85]');
    expect(lines.find((line) => line.startsWith('| bare'))).toMatch(/\| +\| +1 \| +100 \|$/);
    const promise = lines.find((line) => line.includes('over the bare loop'));
    expect(promise).toMatch(/0\.8 \[0\.6–0\.85\] \| +≥ 0\.78 \| +yes \|/);
  });
});
