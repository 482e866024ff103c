import { describe, expect, test } from '@jest/globals';
import { cpuSecondsOf, memoryOf, readCpuSeconds, readMemory } from './process-reading.ts';

describe('reading a process', () => {
  test('CPU time is user and system time, whatever the command is called', () => {
    const stat = '42 (a b) 1 2 (c) S 1 42 42 0 -1 4194304 9 0 0 0 250 75 1 1 20 0 11 0 100 1 1';
    expect(cpuSecondsOf(stat)).toBe(3.25);
  });

  test('private memory is what was written, not what is shared or mapped', () => {
    const rollup = [
      '00400000-7fff [rollup]',
      'Rss:              100 kB',
      'Pss_Dirty:          9 kB',
      'Shared_Clean:      70 kB',
      'Private_Clean:     10 kB',
      'Private_Dirty:     20 kB',
    ].join('\n');
    expect(memoryOf(rollup)).toEqual({ residentBytes: 102_400, privateBytes: 20_480 });
  });

  test('what is something else is an error', () => {
    expect(() => cpuSecondsOf('')).toThrow('expected');
    expect(() => memoryOf('Rss: 1 kB')).toThrow('Private_Dirty');
  });

  test('this process can be read', async () => {
    const before = await readCpuSeconds(process.pid);
    const until = process.cpuUsage().user + 100_000;
    while (process.cpuUsage().user < until);
    expect(await readCpuSeconds(process.pid)).toBeGreaterThan(before);
    const { residentBytes, privateBytes } = await readMemory(process.pid);
    expect(residentBytes).toBeGreaterThan(privateBytes);
  });
});
