import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import type { QueueFunction } from '../functions/trigger.ts';
import type { App } from '../shared/compose.ts';
import { Background } from './background.ts';
import { parseHostJson } from './host-json.ts';

const handler = (): Promise<void> => Promise.resolve();
const definition: QueueFunction = { kind: 'queue', name: 'on-queue', queue: 'queue', handler };

test('what can’t be watched is tried again, also when there is a reason to before that', async () => {
  const storage = { kind: 'connectionString', connectionString: 'nonsense' };
  const lines: string[] = [];
  const background = new Background({
    functions: [definition],
    app: { config: { storage } } as App,
    settings: parseHostJson({ version: '2.0' }),
    port: 0,
    lockMs: 1_000,
    log: (line) => lines.push(line),
  });
  background.arm();
  for (let tries = 1; tries <= 3; tries++) {
    while (lines.length < tries) await sleep(10);
    expect(lines.at(-1)).toMatch(/^error: queues, blobs and timers are not watched: /);
    background.expect();
  }
  await background.stop();
});
