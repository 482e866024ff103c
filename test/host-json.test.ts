import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { functions } from '../functions/index.ts';

// What the Functions host tells of by itself, as host.json has it.

interface Logging {
  readonly logLevel: Readonly<Record<string, string>>;
  readonly applicationInsights: {
    readonly samplingSettings: { readonly isEnabled: boolean; readonly excludedTypes: string };
  };
}
const { logging } = JSON.parse(readFileSync('host.json', 'utf8')) as { logging: Logging };

test('the host tells of requests, and never of a part of the exceptions', () => {
  expect(logging.logLevel['Host.Results']).toBe('Information');
  const { isEnabled, excludedTypes } = logging.applicationInsights.samplingSettings;
  expect(isEnabled).toBe(true);
  expect(excludedTypes.split(';')).toContain('Exception');
});

test('log levels are of functions that there are', () => {
  const known = new Set(functions.map(({ name }) => name));
  const named = Object.keys(logging.logLevel).flatMap(
    (category) => /^Function\.(.+)\.User$/.exec(category)?.[1] ?? [],
  );
  expect(named.length).toBeGreaterThan(0);
  for (const name of named) expect(known).toContain(name);
});
