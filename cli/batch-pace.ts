import { type Document, documentAt, numberAt } from './document.ts';

/** A job's progress as it was seen at a time (milliseconds). */
interface Sight {
  readonly at: number;
  readonly rows: number;
  readonly done: number;
}

/** How far a batch job is and how fast it goes, from what its document says time and again. */
export class BatchPace {
  #first: Sight | undefined;
  #now: Sight | undefined;
  #total = 0;
  #told: number | undefined;

  /** Takes the job's document as it is at `at`, milliseconds. */
  see(job: Document, at: number): void {
    const rows = documentAt(job, 'rows');
    const chunks = documentAt(job, 'chunks');
    this.#total = numberAt(chunks, 'total') ?? 0;
    this.#told = numberAt(job, 'etaSeconds');
    this.#now = {
      at,
      rows: (numberAt(rows, 'scored') ?? 0) + (numberAt(rows, 'failed') ?? 0),
      done: numberAt(chunks, 'done') ?? 0,
    };
    this.#first ??= this.#total > 0 ? this.#now : undefined;
  }

  /** From 0 to 1. */
  get fraction(): number {
    return this.#total > 0 ? (this.#now?.done ?? 0) / this.#total : 0;
  }

  get rows(): number {
    return this.#now?.rows ?? 0;
  }

  get chunks(): { done: number; total: number } {
    return { done: this.#now?.done ?? 0, total: this.#total };
  }

  /** Rows a second since we look; undefined until some were scored. */
  get rate(): number | undefined {
    const { seconds, rows } = this.#since();
    return seconds > 0 && rows > 0 ? rows / seconds : undefined;
  }

  /** Seconds that it will take yet: the server's word, else at the chunks' pace so far. */
  get left(): number | undefined {
    if (this.#told !== undefined) return this.#told;
    const { seconds, done } = this.#since();
    if (seconds <= 0 || done <= 0) return undefined;
    return ((this.#total - (this.#now?.done ?? 0)) * seconds) / done;
  }

  #since(): { seconds: number; rows: number; done: number } {
    const first = this.#first;
    const now = this.#now;
    if (!first || !now) return { seconds: 0, rows: 0, done: 0 };
    const seconds = (now.at - first.at) / 1_000;
    return { seconds, rows: now.rows - first.rows, done: now.done - first.done };
  }
}
