import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from '../command-line.ts';
import { StandInServer } from './server.ts';
import { StandInTerminal } from './terminal.ts';

/** A server, a terminal and a folder of its own for one test. */
export class Workbench {
  readonly server = new StandInServer();
  terminal = new StandInTerminal();
  folder = '';

  async open(): Promise<this> {
    await this.server.listen();
    this.folder = await mkdtemp(join(tmpdir(), 'pilotlight-cli-'));
    return this;
  }

  async close(): Promise<void> {
    await this.server.close();
    await rm(this.folder, { recursive: true, force: true });
  }

  /** Runs a command against the server; answers its exit code. */
  async run(...args: string[]): Promise<number> {
    this.terminal.env.PILOTLIGHT_URL = this.server.origin;
    return await run(args, this.terminal);
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  /** Writes a file and answers its path. */
  async file(name: string, content: string | Uint8Array): Promise<string> {
    await writeFile(this.path(name), content);
    return this.path(name);
  }

  async read(name: string): Promise<string> {
    return await readFile(this.path(name), 'utf8');
  }

  async files(): Promise<string[]> {
    return (await readdir(this.folder)).sort();
  }
}
