import { type Config, parseConfig } from '../../shared/config.ts';
import { settingsRead } from '../infra/settings-read.ts';
import type { Page } from './page.ts';

type Env = Readonly<Record<string, string>>;

const RESOURCES: Env = {
  PILOTLIGHT_STORAGE__blobServiceUri: 'https://blob.example',
  PILOTLIGHT_STORAGE__queueServiceUri: 'https://queue.example',
  PILOTLIGHT_COSMOS__accountEndpoint: 'https://cosmos.example',
};
/** Read in one mode or kind of connection alone. */
const READ_ELSEWHERE = ['PILOTLIGHT_STORAGE', 'PILOTLIGHT_COSMOS', 'WEBSITE_AUTH_ENABLED'];
/** Settings that show only beside another one. */
const BESIDE: Readonly<Record<string, Env>> = {
  PILOTLIGHT_TELEMETRY_FLUSH_MS: { APPLICATIONINSIGHTS_CONNECTION_STRING: 'somewhere' },
  PILOTLIGHT_TRACES_PER_SECOND: { APPLICATIONINSIGHTS_CONNECTION_STRING: 'somewhere' },
  PILOTLIGHT_ACCESS: { WEBSITE_AUTH_ENABLED: 'True' },
};

/** What the table of settings says that `parseConfig` does not, or the other way round. */
export function settingClaims({ rows }: Page): string[] {
  const told = new Map(
    rows
      .map(([name = '', ...cells]) => [/^`((?:[A-Z]+_)+\w+)`$/.exec(name)?.[1], cells] as const)
      .filter((row): row is readonly [string, string[]] => row[0] !== undefined),
  );
  const read = new Set([...settingsRead(), ...READ_ELSEWHERE]);
  return [
    ...[...read].filter((name) => !told.has(name)).map((name) => `${name} is not in the table`),
    ...[...told.keys()]
      .filter((name) => !read.has(name))
      .map((name) => `${name} is in the table, and nothing reads it`),
    ...[...told].flatMap(([name, cells]) => wrongIn(name, cells)),
  ];
}

function wrongIn(name: string, [fallback = '', range = '', text = '']: string[]): string[] {
  const env = { ...RESOURCES, ...BESIDE[name] };
  return [
    ...(text.length < 10 ? [`${name}: what does it do?`] : []),
    ...wrongDefault(name, fallback, env),
    ...wrongRange(name, range, env),
  ];
}

function wrongDefault(name: string, fallback: string, env: Env): string[] {
  const given = /^`([^`]+)`$/.exec(fallback)?.[1];
  const { [name]: _, ...without } = env;
  if (fallback === 'must be set') {
    return refusal(without)?.startsWith(`${name}: not set`)
      ? []
      : [`${name}: is said to be needed, and is not`];
  }
  if (given !== undefined) {
    return same(parsed({ ...env, [name]: given }), parsed(env))
      ? []
      : [`${name}: ${given} is not the default`];
  }
  // A default of words is one that no value can stand for.
  const isWords =
    fallback === 'unset' || name === 'PILOTLIGHT_VCPUS' || name === 'PILOTLIGHT_SCRATCH_DIR';
  return isWords && parsed(env) ? [] : [`${name}: expected a default in backticks`];
}

function wrongRange(name: string, range: string, env: Env): string[] {
  const accepts = (value: string | number) =>
    refusal({ ...env, [name]: String(value) }) === undefined;
  const [, least, most] = /^([\d.]+) –(?: ([\d.]+))?$/.exec(range) ?? [];
  const wrong: string[] = [];
  if (least !== undefined) {
    if (!accepts(least)) wrong.push(`${name}: ${least} is refused`);
    if (accepts(Number(least) - 1)) wrong.push(`${name}: less than ${least} is accepted`);
    if (!accepts(most ?? Number.MAX_SAFE_INTEGER))
      wrong.push(`${name}: ${most ?? 'a large number'} is refused`);
    if (most !== undefined && accepts(Number(most) + 1)) {
      wrong.push(`${name}: more than ${most} is accepted`);
    }
  } else if (range.includes(', ')) {
    for (const value of range.split(', '))
      if (!accepts(value)) wrong.push(`${name}: ${value} is refused`);
    if (accepts('something else')) wrong.push(`${name}: is not one of ${range}`);
  } else if (range === 'URL') {
    if (accepts('no address')) wrong.push(`${name}: is no URL`);
  } else if (range !== 'text') {
    wrong.push(`${name}: expected a range, got ${JSON.stringify(range)}`);
  } else if (!accepts('some text')) {
    wrong.push(`${name}: is no text`);
  }
  return wrong;
}

function parsed(env: Env): Config | undefined {
  try {
    return parseConfig(env);
  } catch {
    return undefined;
  }
}

/** Why `env` is refused; undefined when it is not. */
function refusal(env: Env): string | undefined {
  try {
    parseConfig(env);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

function same(one: Config | undefined, other: Config | undefined): boolean {
  return one !== undefined && JSON.stringify(one) === JSON.stringify(other);
}
