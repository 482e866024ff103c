import type { InferenceSession } from 'onnxruntime-node';

/**
 * How every session is made. One thread each: as many sessions run side by side as there are
 * vCPUs, and the runtime's own thread pool would count the machine's CPUs, not the instance's.
 */
export const SESSION_OPTIONS = {
  intraOpNumThreads: 1,
  interOpNumThreads: 1,
  graphOptimizationLevel: 'all',
  // Fatal only: the runtime writes to the process's standard error, and errors are thrown anyway.
  logSeverityLevel: 4,
} as const satisfies InferenceSession.SessionOptions;
