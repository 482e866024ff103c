import { type ChildProcess, fork } from 'node:child_process';
import { messageOf } from '../../errors.ts';
import type { GraphFacts } from '../../graph/facts.ts';
import type { Inspection, InspectionSubject } from '../../ports/inspection.ts';
import type { Measuring, Message, Order, Phase } from './examination.ts';
import { blameOf, type Ending } from './examination-end.ts';
import { messageSchema } from './examination-message.ts';
import { Findings } from './findings.ts';
import type { InspectorOptions } from './inspector.ts';
import { type ProcessWatch, watchProcess } from './process-watch.ts';

/** What the examining process gets of the environment: no secrets, since it runs hostile models. */
const PASSED_ON = ['PATH', 'LD_LIBRARY_PATH', 'TMPDIR', 'TEMP', 'TMP', 'SystemRoot', 'TZ', 'LANG'];
const MAX_STDERR = 4_096;
/** What one probe may take, of runs that took a second at most on usual input. */
const PROBE_TIMEOUT_MS = 10_000;

/** It was production, asked the same rows, that ended the process. */
export interface ProductionEnded {
  readonly productionEnded: string;
}

export type Examining = typeof examine;

/** @throws Error when the process can't be started, or ended for no fault of a model */
export async function examine(
  subject: InspectionSubject,
  options: InspectorOptions,
): Promise<Inspection | ProductionEnded> {
  return await new Examination(subject, options).end();
}

/** One examining process, from its start to its end. */
class Examination {
  readonly #subject: InspectionSubject;
  readonly #options: InspectorOptions;
  readonly #child: ChildProcess;
  #watch: ProcessWatch | undefined;
  #peakBytes = 0;
  #phase: Phase = 'starting';
  #measuring: Measuring | undefined;
  #facts: GraphFacts | undefined;
  #rejected: Inspection | undefined;
  #findings: Findings | undefined;
  #isDone = false;
  #ending: Ending | undefined;
  #stderr = '';

  constructor(subject: InspectionSubject, options: InspectorOptions) {
    this.#subject = subject;
    this.#options = options;
    this.#child = fork(options.examinerFile, [], {
      execArgv: [],
      env: Object.fromEntries(PASSED_ON.map((name) => [name, process.env[name]])),
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      // A Ctrl-C in a terminal is for the server; this process ends when its parent does.
      detached: true,
    });
    this.#watchFor(options.timeoutMs);
  }

  async end(): Promise<Inspection | ProductionEnded> {
    const child = this.#child;
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-MAX_STDERR);
    });
    child.on('message', (raw) => {
      const parsed = messageSchema.safeParse(raw);
      if (parsed.success) this.#hear(parsed.data);
      else this.#stop({ kind: 'garbled', detail: messageOf(parsed.error) });
    });
    const ended = new Promise<Ending>((resolve) => {
      child.once('error', (error) => {
        this.#stop({ kind: 'failed', detail: messageOf(error) });
        if (child.pid === undefined) resolve({ kind: 'failed', detail: messageOf(error) });
      });
      child.once('close', (code, signal) => {
        resolve({ kind: 'died', code, signal, peakBytes: this.#peak() });
      });
    });
    const { memoryBytes, evaluationTimeoutMs: evaluationMs } = this.#options;
    const order: Order = { subject: this.#subject, memoryBytes, evaluationMs };
    // A process that ends before it reads the order is told of by its end.
    child.send(order, () => undefined);
    const died = await ended;
    this.#watch?.stop();
    return this.#rejected ?? this.#found(this.#ending ?? died);
  }

  #hear(message: Message): void {
    switch (message.kind) {
      case 'phase':
        this.#phase = message.phase;
        break;
      case 'facts':
        this.#facts = message.facts;
        break;
      case 'examined': {
        const { inspection, cost } = message;
        if (inspection.ok && cost && !this.#findings) {
          this.#findings = new Findings(inspection, cost);
          this.#watchAgain();
        } else {
          this.#rejected ??= inspection;
          this.#child.kill('SIGKILL');
        }
        break;
      }
      case 'measuring':
        this.#measuring = message.what;
        this.#watchAgain();
        break;
      case 'measured':
        this.#findings?.take(message.part);
        break;
      case 'done':
        this.#isDone = this.#findings !== undefined;
        if (this.#isDone) this.#child.kill('SIGKILL');
        else this.#stop({ kind: 'garbled', detail: 'it was done before it had examined anything' });
        break;
      case 'failed':
        this.#stop(message);
    }
  }

  #found(ending: Ending): Inspection | ProductionEnded {
    const { file, evaluation } = this.#subject;
    const findings = this.#findings;
    const evaluated = evaluation !== undefined;
    if (findings && this.#isDone) return findings.inspection({ evaluated });
    if (findings && ending.kind === 'failed') {
      findings.failed(ending.detail.replaceAll(file, 'the model'), { evaluated });
      return findings.inspection({ evaluated });
    }
    const how = blameOf(ending, {
      phase: this.#phase,
      measuring: this.#measuring,
      stderr: this.#stderr,
      file,
      memoryBytes: this.#options.memoryBytes,
    });
    if (!findings) {
      return { ok: false, reasons: [how], ...(this.#facts && { facts: this.#facts }) };
    }
    if (this.#measuring === 'production') return { productionEnded: how };
    findings.crashed(this.#measuring, how, { evaluated });
    return findings.inspection({ evaluated });
  }

  /** What it is at now has a time of its own: rows of a file together, each probe for itself. */
  #watchAgain(): void {
    const { timeoutMs, evaluationTimeoutMs } = this.#options;
    switch (this.#measuring) {
      case undefined:
      case 'cost':
        this.#watchFor(timeoutMs);
        break;
      case 'evaluation rows':
        this.#watchFor(evaluationTimeoutMs);
        break;
      case 'small noise':
      case 'production':
      case 'quality':
        // Goes on within the rows' time.
        break;
      default:
        this.#watchFor(Math.min(timeoutMs, PROBE_TIMEOUT_MS));
    }
  }

  #watchFor(timeoutMs: number): void {
    this.#peakBytes = this.#peak();
    this.#watch?.stop();
    const { memoryBytes } = this.#options;
    this.#watch = watchProcess(this.#child.pid, { timeoutMs, memoryBytes }, (limit) => {
      this.#stop(limit);
    });
  }

  #peak(): number {
    return Math.max(this.#peakBytes, this.#watch?.peakBytes() ?? 0);
  }

  #stop(ending: Ending): void {
    this.#ending ??= ending;
    this.#child.kill('SIGKILL');
  }
}
