// Keeps data plane and control plane apart where callers have function keys: the same key `scorer` on each function
// that a Scorer may call, `publisher` on those and on registering. The operator has the host's key `default`, which
// opens all. What exists stays as it is, so it may be run again; it finishes what was interrupted. Keys live in the
// app alone, and none is printed.
//   node infra/set-keys.mjs [--outputs FILE]
//   node infra/set-keys.mjs --rotate scorer    a new key; the one before stays valid as scorer-previous
//   node infra/set-keys.mjs --forget scorer    ends that
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { appManager, eventually, main, outputs } from './azure.mjs';

/** As long as those that the host makes. */
const KEY_BYTES = 40;
/** The host reads and writes one blob for each function. */
const AT_ONCE = 4;

/** key → functions that it opens; test/infra-scripts.test.ts holds it against functions/index.ts. */
const FUNCTIONS = JSON.parse(
  await readFile(new URL('function-keys.json', import.meta.url), 'utf8'),
);

await main(async () => {
  const { values } = parseArgs({
    options: {
      outputs: { type: 'string' },
      rotate: { type: 'string' },
      forget: { type: 'string' },
    },
  });
  for (const name of [values.rotate, values.forget]) {
    if (name !== undefined && !Object.hasOwn(FUNCTIONS, name)) {
      throw new Error(
        `--rotate and --forget: expected ${Object.keys(FUNCTIONS).join(' or ')}, got ${name}`,
      );
    }
  }
  const deployed = await outputs(
    ['AZURE_RESOURCE_GROUP', 'PILOTLIGHT_ACCESS', 'PILOTLIGHT_APP_NAME'],
    values.outputs,
  );
  if (deployed.PILOTLIGHT_ACCESS !== 'keys') {
    console.log('callers sign in: their roles count, and there are no keys to set');
    return;
  }
  const ask = await appManager(deployed);
  const app = {
    async keys(name) {
      const answer = await ask('POST', `functions/${name}/listkeys`);
      return answer.properties ?? answer;
    },
    set: (name, key, value) =>
      ask('PUT', `functions/${name}/keys/${key}`, { properties: { name: key, value } }),
    remove: (name, key) => ask('DELETE', `functions/${name}/keys/${key}`),
  };

  if (values.forget !== undefined) {
    await forget(app, values.forget);
    return;
  }
  for (const [key, functions] of Object.entries(FUNCTIONS)) {
    await spread(app, key, functions, values.rotate === key);
    console.log(
      `${key}: ${functions.length} functions; az functionapp function keys list --function-name ${functions[0]}` +
        ` --query ${key} --resource-group ${deployed.AZURE_RESOURCE_GROUP} --name ${deployed.PILOTLIGHT_APP_NAME}`,
    );
  }
});

/**
 * Gives each function the key. The first function's value is the one that counts, and it is written
 * first: whatever was interrupted, the next run ends with one value everywhere.
 */
async function spread(app, key, functions, rotate) {
  const [first] = functions;
  const known = await eventually(`${first}, which is there once the app has run`, () =>
    app.keys(first),
  );
  let value = known[key];
  if (value !== undefined && rotate) {
    await each(functions, 'nothing was rotated; run it again', (name) =>
      app.set(name, `${key}-previous`, value),
    );
    value = undefined;
  }
  if (value === undefined) {
    value = randomBytes(KEY_BYTES).toString('base64url');
    await app.set(first, key, value);
  }
  const hint = rotate ? 'run it again without --rotate' : 'run it again';
  await each(functions, hint, async (name) => {
    if ((await app.keys(name))[key] !== value) await app.set(name, key, value);
  });
}

async function forget(app, key) {
  const previous = `${key}-previous`;
  await each(FUNCTIONS[key], 'run it again', async (name) => {
    if ((await app.keys(name))[previous] !== undefined) await app.remove(name, previous);
  });
  console.log(`${previous}: no function has it`);
}

/** A few at once. All are tried; what went wrong is told together. */
async function each(names, hint, act) {
  const waiting = [...names];
  const failures = [];
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
        await act(name).catch((error) => failures.push(error.message));
      }
    }),
  );
  if (failures.length > 0) throw new Error(`${failures.join('\n')}\n${hint}`);
}
