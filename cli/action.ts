import type { Server } from './server.ts';
import type { Globals } from './terminal.ts';

/** What a command does, given what every command gets. */
export type Action<Args extends readonly unknown[]> = (
  server: Server,
  globals: Globals,
  ...args: Args
) => Promise<void>;

/** Makes an action of what commander calls. */
export type Does = <Args extends readonly unknown[]>(
  action: Action<Args>,
) => (...given: readonly unknown[]) => Promise<void>;

/** What stands below a command's help. */
export function example(...lines: readonly string[]): string {
  return `\nExample${lines.length > 1 ? 's' : ''}:\n${lines.map((line) => `  ${line}`).join('\n')}`;
}
