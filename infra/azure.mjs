// What the steps after a deployment have in common: its outputs, who asks, and how long it is waited.
import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';

const API = '2024-04-01';
const REQUEST_MS = 60_000;
const ATTEMPTS = 6;

/**
 * The outputs of main.bicep: what `az deployment sub show --query properties.outputs` wrote into
 * `file`, else the environment, as azd gives it to its hooks. Azure changes the case of some letters.
 * @throws Error that names all that are missing
 */
export async function outputs(names, file) {
  const given = file === undefined ? process.env : valuesOf(file, await readFile(file, 'utf8'));
  const found = new Map(Object.entries(given).map(([name, value]) => [name.toUpperCase(), value]));
  const missing = names.filter((name) => !found.get(name));
  if (missing.length > 0) {
    throw new Error(
      `${file ?? 'the environment'}: expected ${missing.join(', ')} of main.bicep's outputs`,
    );
  }
  return Object.fromEntries(names.map((name) => [name, found.get(name)]));
}

function valuesOf(file, text) {
  const all = JSON.parse(text);
  if (all === null || typeof all !== 'object')
    throw new Error(`${file}: expected an object of outputs`);
  return Object.fromEntries(Object.entries(all).map(([name, output]) => [name, output?.value]));
}

/** Runs the Azure CLI. @returns what it printed @throws Error with what it complained of */
export async function az(...args) {
  // On Windows it is a command file, which only a shell runs.
  const shell = process.platform === 'win32';
  const child = spawn('az', shell ? args.map((arg) => `"${arg}"`) : args, {
    shell,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const text = { out: '', err: '' };
  child.stdout.setEncoding('utf8').on('data', (part) => (text.out += part));
  child.stderr.setEncoding('utf8').on('data', (part) => (text.err += part));
  const code = await new Promise((resolve, reject) => {
    child.once('error', (cause) =>
      reject(
        new Error(
          `az: ${cause.code === 'ENOENT' ? 'the Azure CLI is not installed' : cause.message}`,
        ),
      ),
    );
    child.once('close', resolve);
  });
  if (code !== 0)
    throw new Error(`az ${args.slice(0, 3).join(' ')}: ${text.err.trim().slice(-1000)}`);
  return text.out.trim();
}

/** azd has a subscription of its own, which need not be the one that the Azure CLI goes by. */
export function ofDeployment() {
  const { AZURE_SUBSCRIPTION_ID: subscription } = process.env;
  return subscription ? ['--subscription', subscription] : [];
}

/**
 * Asks Azure's resource manager about one app, as whoever is signed in to the Azure CLI. Keys go in
 * bodies: what stands on a command line, others can read.
 * @returns `(method, path below the app, body?) => answer`; it throws what was wrong
 */
export async function appManager({ AZURE_RESOURCE_GROUP, PILOTLIGHT_APP_NAME }) {
  const [subscription, token, manager] = await Promise.all([
    az('account', 'show', ...ofDeployment(), '--query', 'id', '--output', 'tsv'),
    az(
      'account',
      'get-access-token',
      ...ofDeployment(),
      '--query',
      'accessToken',
      '--output',
      'tsv',
    ),
    az('cloud', 'show', '--query', 'endpoints.resourceManager', '--output', 'tsv'),
  ]);
  const app =
    `${manager.replace(/\/$/, '')}/subscriptions/${subscription}` +
    `/resourceGroups/${AZURE_RESOURCE_GROUP}/providers/Microsoft.Web/sites/${PILOTLIGHT_APP_NAME}`;

  return async function ask(method, path, body) {
    for (let attempt = 1; ; attempt++) {
      const response = await fetch(`${app}/${path}?api-version=${API}`, {
        method,
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        ...(body && { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(REQUEST_MS),
      }).catch((error) => error);
      const failed = response instanceof Error;
      if (!failed && response.ok) return parsed(await response.text());
      const passing = failed || response.status === 429 || response.status >= 500;
      if (!passing || attempt === ATTEMPTS) {
        const why = failed
          ? response.message
          : `${response.status} ${(await response.text()).slice(0, 500)}`;
        const error = new Error(`${method} ${path} of ${PILOTLIGHT_APP_NAME}: ${why}`);
        throw Object.assign(error, { isFinal: [401, 403].includes(response.status) });
      }
      const asked = failed ? 0 : Number(response.headers.get('retry-after')) * 1000;
      await pause(Math.min(asked || 500 * 2 ** attempt, 30_000));
    }
  };
}

/** Some answers have no body. */
function parsed(text) {
  return text === '' ? {} : JSON.parse(text);
}

/**
 * Tries until something comes of it, for PILOTLIGHT_WAIT_SECONDS (300) at most: an app that was
 * just deployed takes a while to run. @throws Error that says what was waited for, and the last
 * failure; or at once one that says who may not
 */
export async function eventually(what, attempt) {
  const seconds = Number(process.env.PILOTLIGHT_WAIT_SECONDS || 300);
  const until = Date.now() + seconds * 1000;
  let told = false;
  for (let last; ; await pause(Math.min(5000, seconds * 100))) {
    try {
      const found = await attempt();
      if (found !== undefined) return found;
    } catch (error) {
      if (error.isFinal) throw error;
      last = error;
    }
    if (!told) console.error(`waiting for ${what}`);
    told = true;
    if (Date.now() >= until) {
      throw new Error(`${what}: waited ${seconds} s in vain`, last && { cause: last });
    }
  }
}

/** Runs a step; what goes wrong is one line for people. */
export async function main(step) {
  try {
    await step();
  } catch (error) {
    console.error(error.message + (error.cause ? `; last: ${error.cause.message}` : ''));
    process.exitCode = 1;
  }
}
