import { parseArgs } from 'node:util';
import { messageOf } from '../shared/errors.ts';

/** How the local host was asked to run. */
export interface Options {
  readonly port: number;
  readonly hostname: string;
  /** Where emulators and scratch files live. */
  readonly dataDir: string;
  readonly fresh: boolean;
  /** Callers need a key, and its role. */
  readonly auth: boolean;
  readonly samples: boolean;
  /** No line for each request. */
  readonly quiet: boolean;
  readonly lockMs: number;
  /** The environment names Azure resources to use in place of the emulators. */
  readonly cloud: boolean;
}

export const USAGE = `Usage: npm start -- [--port N] [--host ADDRESS] [--auth] [--fresh] [--no-samples] [--quiet]

Serves the functions of this app on this machine, with emulators of Azure's storage and registry.

  --port N         HTTP port (default: PORT, else 7071; 0 takes any free one)
  --host ADDRESS   address to listen on (default: HOST, else 127.0.0.1)
  --auth           ask callers for a key: DATA_DIR/keys/scorer may predict and read, publisher
                   also register, operator do all; without it everybody may do everything
  --fresh          forget everything that was kept before
  --no-samples     do not register the sample models
  --quiet          no line for each request
  --help           this text

Environment: DATA_DIR is the folder where everything is kept (default: .pilotlight).
With PILOTLIGHT_STORAGE… and PILOTLIGHT_COSMOS… set, those Azure resources are used, no emulators.
`;

type Env = Readonly<Record<string, string | undefined>>;

/** Undefined when help was asked for. @throws Error that names the flag or variable */
export function parseOptions(args: readonly string[], env: Env): Options | undefined {
  const flags = parseFlags(args);
  if (flags.help) return undefined;
  const cloud = Object.keys(env).some(
    (name) => /^PILOTLIGHT_(STORAGE|COSMOS)(__\w+)?$/.test(name) && env[name],
  );
  if (cloud && flags.fresh) {
    throw new Error(
      '--fresh: empties the emulators, but the environment names Azure resources; unset them or leave --fresh out',
    );
  }
  const auth = flags.auth ?? false;
  const access = env.PILOTLIGHT_ACCESS;
  if (access !== undefined && access !== (auth ? 'roles' : 'open')) {
    throw new Error(
      `PILOTLIGHT_ACCESS: held ${JSON.stringify(access)}, but this host is ${auth ? 'by roles with --auth' : 'open without --auth'}; unset it, or ${auth ? 'leave --auth out' : 'give --auth'}`,
    );
  }
  return {
    port: integer(flags.port === undefined ? 'PORT' : '--port', flags.port ?? env.PORT ?? '7071', {
      least: 0,
      most: 65_535,
    }),
    hostname: flags.host ?? (env.HOST || '127.0.0.1'),
    dataDir: env.DATA_DIR || '.pilotlight',
    fresh: flags.fresh ?? false,
    auth,
    samples: !(flags['no-samples'] ?? false),
    quiet: flags.quiet ?? false,
    lockMs: integer('PILOTLIGHT_MESSAGE_LOCK_MS', env.PILOTLIGHT_MESSAGE_LOCK_MS ?? '600000', {
      least: 1_000,
      most: 604_800_000,
    }),
    cloud,
  };
}

function parseFlags(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        port: { type: 'string' },
        host: { type: 'string' },
        auth: { type: 'boolean' },
        fresh: { type: 'boolean' },
        'no-samples': { type: 'boolean' },
        quiet: { type: 'boolean' },
        help: { type: 'boolean' },
      },
    }).values;
  } catch (error) {
    throw new Error(`${messageOf(error)}. --help lists the flags`, { cause: error });
  }
}

function integer(name: string, text: string, range: { least: number; most: number }): number {
  const value = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= range.least && value <= range.most) return value;
  throw new Error(
    `${name}: expected a whole number from ${range.least} to ${range.most}, got ${JSON.stringify(text)}`,
  );
}
