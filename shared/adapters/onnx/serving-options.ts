import { join } from 'node:path';
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

/** For a prepared form, whose graph is optimized already; again would unpack its weights. */
export const PREPARED_OPTIONS = {
  ...SESSION_OPTIONS,
  graphOptimizationLevel: 'disabled',
} as const satisfies InferenceSession.SessionOptions;

/** The files of a prepared form. The graph names the weights, relative to its own folder. */
export const GRAPH_FILE = 'model.onnx';
export const WEIGHTS_FILE = 'weights.bin';

/** For the session that leaves the prepared form in `folder`; the names are onnxruntime's. */
export function preparingOptions(folder: string): InferenceSession.SessionOptions {
  return {
    ...SESSION_OPTIONS,
    optimizedModelFilePath: join(folder, GRAPH_FILE),
    extra: {
      session: {
        optimized_model_external_initializers_file_name: WEIGHTS_FILE,
        save_external_prepacked_constant_initializers: '1',
      },
    },
  };
}
