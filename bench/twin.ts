import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { functions } from '../functions/index.ts';
import type { HttpFunction } from '../functions/trigger.ts';
import { validateRegistrationFunction } from '../functions/validate-registration.ts';
import { HttpListener } from '../local/http-listener.ts';
import { Invocation } from '../local/invocation.ts';
import { compose } from '../shared/compose.ts';
import { parseConfig } from '../shared/config.ts';
import { UNTOLD } from '../shared/telemetry/operation.ts';
import { createMemoryStores } from '../test/memory-stores.ts';
import { endWithParent } from './asks.ts';
import { register } from './project.ts';
import { twinLine } from './twin-line.ts';

// The app twice in one process, on a port each, over the same stores: once with the settings of
// APPLICATIONINSIGHTS_… and PILOTLIGHT_TELEMETRY_…, once without. Two processes of the same build
// differ by more than what is looked for; these share code, heap and luck. Which is made first makes
// a difference, too: `order` says it.

const [dist = '', folder = '', model = '', file = '', order = ''] = process.argv.slice(2);
const stores = createMemoryStores();
const log = (line: string) => void process.stderr.write(`${line}\n`);

const untoldFirst = order === 'untold-first' ? await listenUntold() : undefined;
const told = await listen('told', process.env);
const untold = untoldFirst ?? (await listenUntold());

// Nobody polls queues here.
const validating = setInterval(() => {
  for (const message of stores.messages.registrations.splice(0)) {
    const context = new Invocation(validateRegistrationFunction, log);
    void validateRegistrationFunction.handler(untold.app, message, context, UNTOLD);
  }
}, 50);
await register(untold.port, model, await readFile(file));
clearInterval(validating);
process.stdout.write(`${twinLine({ told: told.port, untold: untold.port })}\n`);
endWithParent('SIGKILL');

async function listenUntold() {
  return await listen('untold', { ...process.env, APPLICATIONINSIGHTS_CONNECTION_STRING: '' });
}

async function listen(name: string, env: NodeJS.ProcessEnv) {
  const config = parseConfig({
    ...env,
    PILOTLIGHT_ACCESS: 'open',
    PILOTLIGHT_STORAGE: 'in memory',
    PILOTLIGHT_COSMOS: 'in memory',
    PILOTLIGHT_SCRATCH_DIR: join(folder, name),
  });
  const app = compose(config, { dist: pathToFileURL(`${dist}/`), stores });
  const http = new HttpListener({
    functions: functions.filter((each): each is HttpFunction => each.kind === 'http'),
    app,
    routePrefix: '',
    log,
    quiet: true,
    onAccepted: () => undefined,
  });
  return { app, port: await http.listen(0, '127.0.0.1') };
}
