import type { App } from '../shared/compose.ts';
import type { Operation } from '../shared/telemetry/operation.ts';
import type { Caller, Role } from './caller.ts';

/**
 * A request as handlers see it, over Azure's `HttpRequest` or what the local host takes from its
 * socket. Only route parameters that the route declares may be read from `params`.
 */
export interface Request {
  readonly method: string;
  /** Absolute. */
  readonly url: string;
  readonly headers: { get(name: string): string | null };
  readonly query: Iterable<readonly [name: string, value: string]> & {
    get(name: string): string | null;
    has(name: string): boolean;
  };
  readonly params: Readonly<Record<string, string>>;
  readonly body: ReadableStream<Uint8Array> | null;
  /** All of the body; if it can be had, with byte `alignedAt` at a multiple of 8 in its buffer. */
  bytes(alignedAt?: number): Promise<Uint8Array>;
}

/** A body of bytes has its length as Content-Length; a stream must never error: it ends early instead. */
export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array | ReadableStream<Uint8Array>;
}

/** What a host tells every handler; Azure's `InvocationContext` satisfies it as it is. */
export interface Context {
  readonly invocationId: string;
  readonly functionName: string;
  log(message: string): void;
  warn(message: string): void;
  error(message: string): void;
  /** Azure's facts about the message or blob: `dequeueCount`, `id`, `uri`, `properties`, … */
  readonly triggerMetadata?: Readonly<Record<string, unknown>> | undefined;
  /** Where the host's own telemetry of this invocation stands. */
  readonly traceContext?: { readonly traceParent?: string | null | undefined } | undefined;
}

export type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';

/** What is known of a request before its handler runs. */
export interface Call {
  readonly caller: Caller;
  readonly operation: Operation;
}

/** `route` is Azure's template: `a/{name}/b`, `{rest?}`, `{*path}`; without a leading slash. */
export interface HttpFunction {
  readonly kind: 'http';
  readonly name: string;
  readonly route: string;
  readonly methods: readonly Method[];
  /** The least role that may call it; `anonymous` is for health alone. */
  readonly access: 'anonymous' | Role;
  /** It answers with what a model says. Absent: it doesn't. */
  readonly predicts?: true;
  readonly handler: (app: App, request: Request, context: Context, call: Call) => Promise<Answer>;
}

/** A storage queue; the message is what the host parsed it to (JSON value, or string). */
export interface QueueFunction {
  readonly kind: 'queue';
  readonly name: string;
  readonly queue: string;
  readonly handler: (
    app: App,
    message: unknown,
    context: Context,
    operation: Operation,
  ) => Promise<void>;
}

/** Blobs that appear or change below `path` (`container/prefix/{name}`); by reference. */
export interface BlobFunction {
  readonly kind: 'blob';
  readonly name: string;
  readonly path: string;
  readonly handler: (
    app: App,
    blob: BlobReference,
    context: Context,
    operation: Operation,
  ) => Promise<void>;
}

export interface BlobReference {
  readonly container: string;
  readonly name: string;
  /** May be late: the blob may have changed since. */
  readonly etag: string | undefined;
}

/** Schedules have six fields, seconds first (NCRONTAB). */
export interface TimerFunction {
  readonly kind: 'timer';
  readonly name: string;
  readonly schedule: string;
  /** Where a tick costs nothing: on Azure, each one of an idle app does. Absent: `schedule`. */
  readonly localSchedule?: string;
  readonly handler: (app: App, context: Context) => Promise<void>;
}

/** Runs once when an instance is added, before it gets requests; it may also never run. */
export interface WarmupFunction {
  readonly kind: 'warmup';
  readonly name: string;
  readonly handler: (app: App, context: Context) => Promise<void>;
}

/** What nobody waits for. */
export type TriggeredFunction = QueueFunction | BlobFunction | TimerFunction | WarmupFunction;

export type FunctionDefinition = HttpFunction | TriggeredFunction;
