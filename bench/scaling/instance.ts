import type { Events } from './events.ts';
import { Fifo } from './fifo.ts';
import { runOf, type Workload } from './workloads.ts';

/** Work of a chunk between two looks at what waits: score-chunk.ts hands it on in such pieces. */
const PIECE_MS = 100;
/** Reading a job and the first bytes of a range, and leaving blocks and a receipt: assumed. */
const CHUNK_IO_MS = 200;

/** The bounds of shared/config.ts. */
export const MAX_QUEUED_REQUESTS = 1_000;
export const REQUEST_TIMEOUT_MS = 60_000;

export interface Request {
  readonly arrivedAt: number;
  /** It was held while there was no room, and went to an instance that wasn't there when it came. */
  cold: boolean;
  /** When an instance had it. */
  acceptedAt: number;
}

interface Chunk {
  piecesLeft: number;
  running: number;
}

/** What becomes of an instance's work. */
export interface Ends {
  readonly started: (request: Request) => void;
  readonly answered: () => void;
  readonly timedOut: () => void;
  readonly scored: () => void;
}

export interface InstanceSettings {
  /** ¼: one thread at a quarter of the speed. */
  readonly cores: number;
  readonly workload: Workload;
}

/** An instance: threads that take what waits, requests before pieces of chunks (docs/architecture.md). */
export class Instance {
  readonly createdAt: number;
  readyAt: number | undefined;
  draining = false;
  /** Requests it has, waiting or running. */
  requests = 0;
  chunks = 0;
  /** When it had work. */
  readonly periods: { readonly from: number; to: number }[] = [];
  readonly #events: Events;
  readonly #settings: InstanceSettings;
  readonly #ends: Ends;
  readonly #threads: number;
  readonly #waiting = new Fifo<Request>();
  readonly #scoring: Chunk[] = [];
  #free: number;
  #runningRows = 0;
  #runningPieces = 0;

  constructor(events: Events, settings: InstanceSettings, ends: Ends) {
    this.#events = events;
    this.#settings = settings;
    this.#ends = ends;
    this.#threads = Math.max(1, Math.floor(settings.cores));
    this.#free = this.#threads;
    this.createdAt = events.now;
  }

  get isIdle(): boolean {
    return this.requests === 0 && this.chunks === 0;
  }

  /** Threads that run something, of all. */
  get cpu(): number {
    return 1 - this.#free / this.#threads;
  }

  get saturation(): number {
    const { bestBatch } = this.#settings.workload;
    const rows = this.#runningRows + this.#waiting.length + this.#runningPieces * bestBatch;
    return rows / (this.#threads * bestBatch);
  }

  /** False: its queue is full. */
  accept(request: Request): boolean {
    if (this.#waiting.length >= MAX_QUEUED_REQUESTS) return false;
    this.#begin();
    this.requests += 1;
    request.acceptedAt = this.#events.now;
    this.#waiting.push(request);
    this.#dispatch();
    return true;
  }

  score(): void {
    this.#begin();
    this.chunks += 1;
    const piecesLeft = Math.ceil(this.#settings.workload.chunkMs / PIECE_MS);
    this.#events.after(CHUNK_IO_MS, () => {
      this.#scoring.push({ piecesLeft, running: 0 });
      this.#dispatch();
    });
  }

  #dispatch(): void {
    while (this.#free > 0) {
      const batch = this.#takeRequests();
      if (batch.length > 0) this.#run(batch);
      else if (!this.#runPiece()) return;
    }
  }

  #takeRequests(): Request[] {
    const batch: Request[] = [];
    while (batch.length < this.#settings.workload.bestBatch) {
      const request = this.#waiting.shift();
      if (!request) break;
      if (this.#events.now - request.acceptedAt > REQUEST_TIMEOUT_MS) {
        this.requests -= 1;
        this.#endIfIdle();
        this.#ends.timedOut();
      } else {
        batch.push(request);
      }
    }
    return batch;
  }

  #run(batch: readonly Request[]): void {
    this.#free -= 1;
    this.#runningRows += batch.length;
    for (const request of batch) this.#ends.started(request);
    this.#events.after(this.#lasts(runOf(this.#settings.workload, batch.length)), () => {
      this.#free += 1;
      this.#runningRows -= batch.length;
      this.requests -= batch.length;
      this.#endIfIdle();
      for (let i = 0; i < batch.length; i++) this.#ends.answered();
      this.#dispatch();
    });
  }

  #runPiece(): boolean {
    const chunk = this.#scoring.find(({ piecesLeft }) => piecesLeft > 0);
    if (!chunk) return false;
    chunk.piecesLeft -= 1;
    chunk.running += 1;
    this.#free -= 1;
    this.#runningPieces += 1;
    this.#events.after(this.#lasts(PIECE_MS), () => {
      this.#free += 1;
      this.#runningPieces -= 1;
      chunk.running -= 1;
      if (chunk.piecesLeft === 0 && chunk.running === 0) this.#close(chunk);
      this.#dispatch();
    });
    return true;
  }

  #close(chunk: Chunk): void {
    this.#scoring.splice(this.#scoring.indexOf(chunk), 1);
    this.#events.after(CHUNK_IO_MS, () => {
      this.chunks -= 1;
      this.#endIfIdle();
      this.#ends.scored();
    });
  }

  #lasts(coreMs: number): number {
    return coreMs / Math.min(1, this.#settings.cores);
  }

  #begin(): void {
    if (this.isIdle) this.periods.push({ from: this.#events.now, to: Number.POSITIVE_INFINITY });
  }

  #endIfIdle(): void {
    const period = this.periods.at(-1);
    if (!this.isIdle || !period) return;
    period.to = this.#events.now;
  }
}
