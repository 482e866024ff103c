import { fork } from 'node:child_process';
import { access } from 'node:fs/promises';
import { messageOf } from '../../errors.ts';
import type { GraphFacts } from '../../graph/facts.ts';
import type { Inspection, ModelInspector } from '../../ports.ts';
import type { Message, Order, Phase } from './examination.ts';
import { type Ending, explainEnd } from './examination-end.ts';
import type { messageSchema as MessageSchema } from './examination-message.ts';
import { watchProcess } from './process-watch.ts';

export interface InspectorOptions {
  /** The bundled `examiner.ts`. */
  readonly examinerFile: string;
  /** How long an examination may work, from the process's start. */
  readonly timeoutMs: number;
  /** The resident memory that an examination may take (watched on Linux only). */
  readonly memoryBytes: number;
  /** Examinations at once; the others wait their turn. */
  readonly concurrency?: number;
}

/** What the examining process gets of the environment: no secrets, since it runs hostile models. */
const PASSED_ON = ['PATH', 'LD_LIBRARY_PATH', 'TMPDIR', 'TEMP', 'TMP', 'SystemRoot', 'TZ', 'LANG'];
const MAX_STDERR = 4_096;

/**
 * Examines each model in a process of its own that is always killed in the end, so that whatever a
 * model does to it ends there.
 */
export function createInspector(options: InspectorOptions): ModelInspector {
  const waiting: (() => void)[] = [];
  let free = options.concurrency ?? 2;
  return {
    async inspect(file) {
      await access(file);
      if (free > 0) free -= 1;
      else await new Promise<void>((resolve) => waiting.push(resolve));
      try {
        // It brings zod, for which no instance that only answers should wait.
        const { messageSchema } = await import('./examination-message.ts');
        return await examine(file, options, messageSchema);
      } finally {
        const next = waiting.shift();
        if (next) next();
        else free += 1;
      }
    },
  };
}

/** @throws Error when the process can't be started, or ended for no fault of the model */
function examine(
  file: string,
  options: InspectorOptions,
  messageSchema: typeof MessageSchema,
): Promise<Inspection> {
  return new Promise((resolve, reject) => {
    const child = fork(options.examinerFile, [], {
      execArgv: [],
      env: Object.fromEntries(PASSED_ON.map((name) => [name, process.env[name]])),
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      // A Ctrl-C in a terminal is for the server; this process ends when its parent does.
      detached: true,
    });
    let phase: Phase = 'starting';
    let facts: GraphFacts | undefined;
    let ending: Ending | undefined;
    let stderr = '';
    const end = (how: Ending) => {
      ending ??= how;
      child.kill('SIGKILL');
    };
    const watch = watchProcess(child.pid, options, end);

    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      stderr = (stderr + text).slice(-MAX_STDERR);
    });
    child.on('message', (raw) => {
      const parsed = messageSchema.safeParse(raw);
      if (!parsed.success) {
        end({ kind: 'garbled', detail: messageOf(parsed.error) });
        return;
      }
      const message: Message = parsed.data;
      if (message.kind === 'phase') phase = message.phase;
      else if (message.kind === 'facts') facts = message.facts;
      else end(message);
    });
    child.once('error', (error) => {
      end({ kind: 'failed', detail: messageOf(error) });
      if (child.pid === undefined) settle(null, null);
    });
    child.once('close', settle);
    const order: Order = { file, memoryBytes: options.memoryBytes };
    // A process that ends before it reads the order is told of by its end.
    child.send(order, () => undefined);

    function settle(code: number | null, signal: NodeJS.Signals | null): void {
      watch.stop();
      const how = ending ?? { kind: 'died', code, signal, peakBytes: watch.peakBytes() };
      try {
        resolve(explainEnd(how, { phase, facts, stderr, file, options }));
      } catch (error) {
        reject(error instanceof Error ? error : new Error(messageOf(error)));
      }
    }
  });
}
