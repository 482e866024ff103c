import { execFile } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';

// What the steps after a deployment talk to: Azure's resource manager, as far as the keys of one app
// go, and a command `az` on the path.

const APP = '/subscriptions/sub-1/resourceGroups/rg-test/providers/Microsoft.Web/sites/func-test/';

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** How the next request to a path is answered instead of as usual. */
type Fault = { readonly status: number; readonly headers?: Record<string, string> };

export class ResourceManager {
  /** function → key → value. */
  readonly keys = new Map<string, Map<string, string>>();
  readonly systemKeys: Record<string, string> = {};
  /** `method path`, in order. */
  readonly asked: string[] = [];
  readonly #faults = new Map<string, Fault[]>();
  readonly #folder = mkdtempSync(join(tmpdir(), 'pilotlight-az-'));
  readonly #server = createServer((request, response) => void this.#answer(request, response));

  async start(functions: readonly string[]): Promise<void> {
    for (const name of functions) this.keys.set(name, new Map([['default', `default-of-${name}`]]));
    await new Promise<void>((done) => this.#server.listen(0, '127.0.0.1', done));
    const { port } = this.#server.address() as AddressInfo;
    const az = join(this.#folder, 'az');
    writeFileSync(az, `#!${process.execPath}\n${AZ}`);
    chmodSync(az, 0o700);
    writeFileSync(join(this.#folder, 'manager'), `http://127.0.0.1:${port}/`);
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((done) => this.#server.close(done));
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** The next requests to it fail so, one after the other. */
  fail(path: string, ...faults: Fault[]): void {
    this.#faults.set(path, faults);
  }

  /** As many deployments fail. */
  failDeployments(count: number): void {
    writeFileSync(join(this.#folder, 'failing'), String(count));
  }

  /** What the last deployment was given, and the mode of the file in which it came. */
  deployed(): { parameters: Record<string, { value: unknown }>; mode: string; file: string } {
    const text = readFileSync(join(this.#folder, 'deployed.json'), 'utf8');
    return JSON.parse(text) as ReturnType<ResourceManager['deployed']>;
  }

  /** The arguments of every call of `az`. */
  commands(): string[] {
    const log = join(this.#folder, 'log');
    return existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n') : [];
  }

  /** Runs one of the steps as azd would. */
  run(script: string, args: readonly string[], env: Record<string, string>): Promise<Ran> {
    const path = `${this.#folder}${delimiter}${process.env.PATH ?? ''}`;
    return new Promise((done) => {
      execFile(
        process.execPath,
        [resolve('infra', script), ...args],
        { env: { PATH: path, AZ_FOLDER: this.#folder, PILOTLIGHT_WAIT_SECONDS: '10', ...env } },
        (error, out, err) => {
          done({ code: error ? Number(error.code ?? 1) : 0, out, err });
        },
      );
    });
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname } = new URL(request.url ?? '', 'http://127.0.0.1');
    const path = pathname.slice(APP.length);
    const text = Buffer.concat((await request.toArray()) as Buffer[]).toString();
    this.asked.push(`${request.method ?? ''} ${path}`);
    const fault = this.#faults.get(path)?.shift();
    const send = (status: number, body: unknown, headers = {}) => {
      response.writeHead(status, headers).end(JSON.stringify(body));
    };
    if (fault) send(fault.status, { error: 'as asked for' }, fault.headers);
    else if (!pathname.startsWith(APP)) send(404, { error: 'another app' });
    else if (request.headers.authorization !== 'Bearer token-1') send(401, {});
    else if (path === 'host/default/listkeys') send(200, { systemKeys: this.systemKeys });
    else this.#function(request.method ?? '', path, text, send);
  }

  #function(
    method: string,
    path: string,
    text: string,
    send: (status: number, body: unknown) => void,
  ): void {
    const [, name = '', what, key = ''] = path.split('/');
    const keys = this.keys.get(name);
    if (!keys) send(404, { error: `no function ${name}` });
    else if (method === 'POST' && what === 'listkeys') send(200, Object.fromEntries(keys));
    else if (method === 'PUT' && what === 'keys') {
      const { properties } = JSON.parse(text) as { properties: { name: string; value: string } };
      if (properties.name === key) keys.set(key, properties.value);
      send(properties.name === key ? 201 : 400, { properties });
    } else if (method === 'DELETE' && keys.delete(key)) send(200, {});
    else send(404, {});
  }
}

/** What of the Azure CLI is called; it writes down how. */
const AZ = `
const { appendFileSync, existsSync, readFileSync, statSync, writeFileSync } = require('node:fs');
const { join } = require('node:path');
const at = (name) => join(process.env.AZ_FOLDER, name);
const args = process.argv.slice(2);
appendFileSync(at('log'), args.join(' ') + '\\n');
const [group, command] = args;
if (group === 'account' && command === 'show') console.log('sub-1');
else if (group === 'account') console.log('token-1');
else if (group === 'cloud') console.log(readFileSync(at('manager'), 'utf8'));
else if (group === 'deployment') {
  const failing = existsSync(at('failing')) ? Number(readFileSync(at('failing'), 'utf8')) : 0;
  writeFileSync(at('failing'), String(failing - 1));
  if (failing > 0) { console.error('the webhook did not answer'); process.exit(1); }
  const file = args[args.indexOf('--parameters') + 1].slice(1);
  const mode = (statSync(file).mode & 0o777).toString(8);
  const { parameters } = JSON.parse(readFileSync(file, 'utf8'));
  writeFileSync(at('deployed.json'), JSON.stringify({ parameters, mode, file }));
} else { console.error('unknown command'); process.exit(2); }
`;
