import { readFile } from 'node:fs/promises';
import { answerAsks, endWithParent } from './asks.ts';
import { type LoadSlice, runSlice } from './closed-loop.ts';

// The process that asks the servers.

const requests = new Map<string, Buffer>();

async function slice(asked: LoadSlice & { requestFile: string }) {
  let request = requests.get(asked.requestFile);
  if (!request) {
    request = await readFile(asked.requestFile);
    requests.set(asked.requestFile, request);
  }
  return await runSlice(asked, request);
}

answerAsks({ slice });
endWithParent('SIGKILL');
