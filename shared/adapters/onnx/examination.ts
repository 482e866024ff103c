import type { GraphFacts } from '../../graph/facts.ts';
import type { Inspection } from '../../ports.ts';

// Types alone: the examining process starts for every model, and a parser would double its start.

/** What the examining process is told, once. */
export interface Order {
  readonly file: string;
  /** The most memory the process may take; its JavaScript heap is bounded by it too. */
  readonly memoryBytes: number;
}

/** How far an examination has come; a crash is told by it. */
export type Phase = 'starting' | 'reading' | 'loading' | 'running';

/** What the examining process says. */
export type Message =
  | { readonly kind: 'phase'; readonly phase: Phase }
  /** What was read, ahead of what a crash would take with it. */
  | { readonly kind: 'facts'; readonly facts: GraphFacts }
  | { readonly kind: 'done'; readonly inspection: Inspection }
  /** The examination itself went wrong: the file can't be read, the runtime isn't there. */
  | { readonly kind: 'failed'; readonly detail: string };
