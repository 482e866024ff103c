/** What a process of the benchmark is asked over its channel, and what it answers. */
export interface Ask {
  readonly ask: string;
  readonly argument?: unknown;
}
export type Answer = { readonly value: unknown } | { readonly error: string };

type Handlers = Readonly<Record<string, (argument: never) => unknown>>;

/**
 * Answers what this process is asked by the one that started it, one ask at a time. Asks it has no
 * handler for are left to others who listen.
 */
export function answerAsks(handlers: Handlers): void {
  process.on('message', (message: Ask) => {
    const handler = handlers[message.ask];
    if (!handler) return;
    const handle = async () => await handler(message.argument as never);
    void handle()
      .then(
        (value): Answer => ({ value }),
        (error: unknown): Answer => ({
          error: error instanceof Error ? (error.stack ?? error.message) : String(error),
        }),
      )
      .then((answer) => process.send?.(answer));
  });
}

/**
 * Ends this process when the one that started it is gone. By a signal: an orderly exit while a thread
 * is inside the runtime would be an abort.
 */
export function endWithParent(signal: 'SIGKILL' | 'SIGTERM'): void {
  process.on('disconnect', () => {
    process.kill(process.pid, signal);
  });
}
