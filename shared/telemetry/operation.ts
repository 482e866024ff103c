import { type Prediction, predictionAttributes } from './prediction.ts';
import {
  contextBelow,
  parseTraceparent,
  type TraceContext,
  traceparentOf,
} from './trace-context.ts';

/** What may be said of a piece of work: names and counts, nothing of a payload or a person. */
export type Attribute =
  | 'model'
  | 'version'
  | 'route'
  | 'rollout'
  | 'batch'
  | 'chunk'
  | 'step'
  | 'rows'
  | 'runRows'
  | 'queueMs'
  | 'inferMs'
  | 'found'
  | 'invocation';

export type Attributes = Readonly<Partial<Record<Attribute, string | number>>>;

/** A piece of work under way, at one of the edges: what handlers see of it. */
export interface Operation {
  /** What was said of it. */
  readonly attributes: Attributes;
  /** When it began, in ms on a clock that never goes back. */
  readonly began: number;
  /** Says something of it. */
  note(attributes: Attributes): void;
  /** It answered that at that time, and is over but for the answer's way. */
  predicted(prediction: Prediction, at: number): void;
  /** It goes on with work that another one left: the `traceparent` that came with that. */
  join(traceparent: string | undefined): void;
  /** For whoever goes on with it; undefined: nobody is told. */
  traceparent(): string | undefined;
}

/** When nobody is told. */
export const UNTOLD: Operation = {
  attributes: {},
  began: 0,
  note: () => undefined,
  predicted: () => undefined,
  join: () => undefined,
  traceparent: () => undefined,
};

/** One that may be told of. Ids are made when they are asked for: most work is not told of. */
export class TracedOperation implements Operation {
  readonly name: string;
  readonly began: number;
  /** When it was over, where that is known. */
  over: number | undefined;
  readonly #hex: (digits: number) => string;
  readonly #parent: () => TraceContext | undefined;
  #joined: TraceContext | undefined;
  #context: TraceContext | undefined;
  #attributes: Attributes | undefined;
  #prediction: Prediction | undefined;

  /** `parent` is asked at most once, if at all. */
  constructor(
    name: string,
    began: number,
    hex: (digits: number) => string,
    parent: () => TraceContext | undefined,
  ) {
    this.name = name;
    this.began = began;
    this.#hex = hex;
    this.#parent = parent;
  }

  note(attributes: Attributes): void {
    this.#attributes = this.#attributes ? { ...this.#attributes, ...attributes } : attributes;
  }

  predicted(prediction: Prediction, at: number): void {
    this.#prediction = prediction;
    this.over = at;
  }

  join(traceparent: string | undefined): void {
    this.#joined ??= parseTraceparent(traceparent);
  }

  traceparent(): string {
    return traceparentOf(this.context);
  }

  get attributes(): Attributes {
    const noted = this.#attributes ?? {};
    return this.#prediction ? { ...noted, ...predictionAttributes(this.#prediction) } : noted;
  }

  get context(): TraceContext {
    this.#begin();
    return this.#context as TraceContext;
  }

  /** The span above it; undefined: the trace began here. */
  get parentId(): string | undefined {
    this.#begin();
    return this.#joined?.spanId;
  }

  #begin(): void {
    if (this.#context) return;
    this.#joined ??= this.#parent();
    this.#context = contextBelow(this.#joined, this.#hex);
  }
}
