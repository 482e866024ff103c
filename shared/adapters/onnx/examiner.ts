// The process that looks at one untrusted model: its main thread only watches, a thread works.
import { fileURLToPath } from 'node:url';
import { isMainThread } from 'node:worker_threads';

if (isMainThread) {
  const { attend } = await import('./examiner-attendant.ts');
  attend(fileURLToPath(import.meta.url));
} else {
  const { work } = await import('./examiner-thread.ts');
  await work();
}
