import { statSync, writeFileSync } from 'node:fs';
import { constants, setPriority } from 'node:os';
import { Worker } from 'node:worker_threads';
import { messageOf } from '../../errors.ts';
import type { Message, Order } from './examination.ts';
import type { Outcome, Step } from './examiner-steps.ts';

const TOO_MUCH_TO_READ =
  'reading it takes more memory than an examination may have: it holds too many nodes, or numbers in a wasteful form; store tensors as raw_data';

/**
 * Runs in the examining process's main thread, which stays free: it ends the process as soon as its
 * parent is gone, whatever native code the working thread is stuck in. Takes one order, answers,
 * and waits to be killed. `threadFile` is what working threads run.
 */
export function attend(threadFile: string): void {
  process.on('disconnect', die);
  if (!process.connected) die();
  stepBack();
  process.once('message', (order: Order) => {
    examine(order, threadFile).then(
      () => {
        say({ kind: 'done' });
      },
      (error: unknown) => {
        say({ kind: 'failed', detail: messageOf(error) });
      },
    );
  });
}

/** Not `exit()`: that waits for, or aborts on, threads that are inside the runtime. */
function die(): void {
  process.kill(process.pid, 'SIGKILL');
}

/** `said` is called when it is out of this process. */
function say(message: Message, said?: () => void): void {
  process.send?.(message, undefined, undefined, said);
}

/** Serving goes first: less CPU when it is scarce, and the first to go when memory is. */
function stepBack(): void {
  try {
    setPriority(constants.priority.PRIORITY_BELOW_NORMAL);
    writeFileSync('/proc/self/oom_score_adj', '1000');
  } catch {
    // Neither is possible everywhere; the limits that the parent watches hold all the same.
  }
}

async function examine(order: Order, threadFile: string): Promise<void> {
  const { subject, evaluationMs } = order;
  const { file } = subject;
  // Reading takes several times the file's size and gives it back when its thread ends.
  const read = await perform({ kind: 'read', file }, order, threadFile);
  if (read.kind === 'rejected') {
    say({ kind: 'examined', inspection: read.inspection });
    return;
  }
  if (read.kind !== 'read') throw new Error(`reading answered ${read.kind}`);
  const { facts, draft, warnings } = read;
  say({ kind: 'facts', facts });
  const run = await perform({ kind: 'run', file, draft }, order, threadFile);
  if (run.kind === 'rejected') {
    say({ kind: 'examined', inspection: { ...run.inspection, facts } });
    return;
  }
  if (run.kind !== 'run') throw new Error(`running answered ${run.kind}`);
  const { kind: _, sample, memoryBytes, ...ran } = run;
  const found = { ok: true, ...ran, facts, warnings: [...warnings, ...run.warnings] } as const;
  const cost = { bytes: statSync(file).size, loadMs: run.loadMs, memoryBytes };
  say({ kind: 'examined', inspection: found, cost });
  say({ kind: 'phase', phase: 'measuring' });
  await perform({ kind: 'measure', subject, found, sample, cost, evaluationMs }, order, threadFile);
}

function perform(step: Step, order: Order, threadFile: string): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const thread = new Worker(threadFile, {
      workerData: step,
      resourceLimits: { maxOldGenerationSizeMb: Math.ceil(order.memoryBytes / 1_000_000) },
    });
    thread.on('message', (outcome: Outcome) => {
      switch (outcome.kind) {
        case 'phase':
        case 'measured':
          say(outcome);
          break;
        case 'measuring':
          say(outcome, () => {
            thread.postMessage('said');
          });
          break;
        default:
          resolve(outcome);
      }
    });
    thread.once('error', (error: Error & { code?: string }) => {
      if (error.code === 'ERR_WORKER_OUT_OF_MEMORY' && step.kind !== 'measure') {
        resolve({ kind: 'rejected', inspection: { ok: false, reasons: [TOO_MUCH_TO_READ] } });
      } else {
        reject(error);
      }
    });
    thread.once('exit', (code) => {
      reject(new Error(`the working thread ended with ${code} and said nothing`));
    });
  });
}
