import { parentPort, workerData } from 'node:worker_threads';
import { HARMFUL, HARMLESS } from './scenarios.ts';
import { runTrials } from './trials.ts';

/** What a thread is given: the scenario by its stream, the trials by number. */
export interface Task {
  readonly stream: number;
  readonly from: number;
  readonly to: number;
}

const { stream, from, to } = workerData as Task;
const scenario = [...HARMLESS, ...HARMFUL].find((one) => one.stream === stream);
if (!scenario) throw new Error(`there is no scenario with stream ${stream}`);
parentPort?.postMessage(runTrials({ scenario, from, to }));
