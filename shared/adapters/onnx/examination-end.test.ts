import { expect, test } from '@jest/globals';
import { type Circumstances, type Ending, explainEnd } from './examination-end.ts';

const seen: Circumstances = {
  phase: 'running',
  facts: undefined,
  stderr: '',
  file: '/scratch/model.onnx',
  options: { timeoutMs: 1_000, memoryBytes: 100_000_000 },
};
const died = (signal: NodeJS.Signals | null, peakBytes = 0): Ending => ({
  kind: 'died',
  code: signal ? null : 1,
  signal,
  peakBytes,
});

test('a kernel that kills the examiner for its memory speaks against the model', () => {
  expect(explainEnd(died('SIGKILL', 60_000_000), seen)).toEqual({
    ok: false,
    reasons: [
      'it took 60 MB of memory while it ran once on generated input, and the system had no more to give',
    ],
  });
});

test.each(['SIGKILL', 'SIGTERM', 'SIGHUP'] as const)(
  'a %s from somebody else speaks against nobody',
  (signal) => {
    expect(() => explainEnd(died(signal, 40_000_000), seen)).toThrow(
      `/scratch/model.onnx: examining it ended with ${signal}`,
    );
  },
);

test('an exit before anything was read is the examiner’s own fault', () => {
  expect(() => explainEnd(died(null), { ...seen, phase: 'starting' })).toThrow(/exit code 1/);
});

test('last words: one line, short, without paths or control characters', () => {
  const stderr = `first\n\u001b[31m/scratch/model.onnx ${'a'.repeat(1_000)}\n`;
  const found = explainEnd(died('SIGABRT'), { ...seen, stderr });
  expect(found).toMatchObject({
    reasons: [expect.stringMatching(/input: {2}\[31mthe model a{200,300}$/)],
  });
});
