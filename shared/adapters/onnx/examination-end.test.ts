import { expect, test } from '@jest/globals';
import { blameOf, type Circumstances, type Ending } from './examination-end.ts';

const seen: Circumstances = {
  phase: 'running',
  measuring: undefined,
  stderr: '',
  file: '/scratch/model.onnx',
  memoryBytes: 100_000_000,
};
const died = (signal: NodeJS.Signals | null, peakBytes = 0): Ending => ({
  kind: 'died',
  code: signal ? null : 1,
  signal,
  peakBytes,
});

test('a kernel that kills the examiner for its memory speaks against the model', () => {
  expect(blameOf(died('SIGKILL', 60_000_000), seen)).toBe(
    'it took 60 MB of memory while it ran once on generated input, and the system had no more to give',
  );
});

test.each(['SIGKILL', 'SIGTERM', 'SIGHUP'] as const)(
  'a %s from somebody else speaks against nobody',
  (signal) => {
    expect(() => blameOf(died(signal, 40_000_000), seen)).toThrow(
      `/scratch/model.onnx: examining it ended with ${signal}`,
    );
  },
);

test('an exit before anything was read is the examiner’s own fault', () => {
  expect(() => blameOf(died(null), { ...seen, phase: 'starting' })).toThrow(/exit code 1/);
});

test('last words: one line, short, without paths or control characters', () => {
  const stderr = `first\n\u001b[31m/scratch/model.onnx ${'a'.repeat(1_000)}\n`;
  expect(blameOf(died('SIGABRT'), { ...seen, stderr })).toMatch(
    /input: {2}\[31mthe model a{200,300}$/,
  );
});

test('what was measured is named', () => {
  const measuring = { ...seen, phase: 'measuring', measuring: 'extremes' } as const;
  expect(blameOf(died('SIGFPE'), measuring)).toBe(
    'it crashed the process that examined it (SIGFPE) while `extremes` was tried',
  );
  expect(blameOf({ kind: 'tooLong', limitMs: 10_000 }, measuring)).toMatch(
    /^it took more than 10000 ms while `extremes` was tried, .*no input may hold a model up/,
  );
});
