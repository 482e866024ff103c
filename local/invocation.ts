import { randomUUID } from 'node:crypto';
import type { Context, FunctionDefinition } from '../functions/trigger.ts';

/** Takes one line for the person who watches the host. */
export type Log = (line: string) => void;

/** What a handler is told of its invocation; what it logs goes to `log` under its function's name. */
export class Invocation implements Context {
  readonly functionName: string;
  readonly triggerMetadata: Readonly<Record<string, unknown>> | undefined;
  readonly #log: Log;
  #id: string | undefined;

  constructor(
    definition: FunctionDefinition,
    log: Log,
    triggerMetadata?: Readonly<Record<string, unknown>>,
  ) {
    this.functionName = definition.name;
    this.#log = log;
    this.triggerMetadata = triggerMetadata;
  }

  get invocationId(): string {
    this.#id ??= randomUUID();
    return this.#id;
  }

  log(message: string): void {
    this.#log(`${this.functionName}: ${message}`);
  }

  warn(message: string): void {
    this.#log(`warning: ${this.functionName}: ${message}`);
  }

  error(message: string): void {
    this.#log(`error: ${this.functionName}: ${message}`);
  }
}
