import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { azd, budget, events, host, lifetimes, parameters } from './infra/agreement.ts';
import type { BicepFolder } from './infra/bicep-folder.ts';
import { propertyAt } from './infra/bicep-values.ts';
import { closed, RULES } from './infra/closed.ts';
import { readDeployment } from './infra/deployment.ts';
import { containers, type Expectation, roles, settings } from './infra/expectations.ts';
import { FAULTS } from './infra/faults.ts';
import { autoscale, sizes, zones } from './infra/scaling.ts';

const INFRA = readDeployment();
const EXPECTATIONS: Readonly<Record<string, Expectation>> = {
  settings,
  roles,
  closed,
  containers,
  events,
  host,
  lifetimes,
  azd,
  parameters,
  budget,
  autoscale,
  zones,
  sizes,
};

test.each(Object.entries(EXPECTATIONS))('%s are as they must be', (_, expectation) => {
  expect(expectation(INFRA)).toEqual([]);
});

/** The same with a piece of a file put otherwise; there must be such a piece. */
function altered(file: string, piece: RegExp | string, instead = ''): BicepFolder {
  const text = INFRA.get(file) ?? '';
  const faulty = text.replace(piece, () => instead);
  expect(faulty).not.toBe(text);
  return new Map([...INFRA, [file, faulty]]);
}

describe('each rule is noticed when it is taken away:', () => {
  test.each(RULES.map((rule) => [`${rule.file} ${rule.path}`, rule] as const))(
    '%s',
    (_, { file, path }) => {
      const text = INFRA.get(file) ?? '';
      const property = propertyAt(text, path);
      if (!property) throw new Error('it is not there');
      const faulty = text.slice(0, property.from) + text.slice(property.to);
      expect(closed(new Map([...INFRA, [file, faulty]]))).toHaveLength(1);
    },
  );
});

describe('a fault is noticed:', () => {
  test.each(FAULTS.map((fault) => [...fault] as const))('%s', (_, expectation, ...fault) => {
    expect(expectation(altered(...fault))).not.toEqual([]);
  });
});

describe('infra/README.md', () => {
  const page = readFileSync('infra/README.md', 'utf8');

  test('names each variable of azd with its default', () => {
    const text = INFRA.get('infra/main.parameters.json') ?? '';
    const variables = [...text.matchAll(/\$\{(PILOTLIGHT_\w+)=([^}]*)\}/g)];
    expect(variables.length).toBeGreaterThan(5);
    for (const [, name = '', fallback = ''] of variables) {
      const row = page
        .split('\n')
        .find((line) => line.startsWith('|') && line.includes(`\`${name}\``));
      expect([name, row !== undefined && row.includes(fallback)]).toEqual([name, true]);
    }
    const named = [...page.matchAll(/^\| (`PILOTLIGHT_[^|]*)\|/gm)].flatMap(([, names = '']) =>
      [...names.matchAll(/`(\w+)`/g)].map(([, name]) => name),
    );
    expect(new Set(named)).toEqual(new Set(variables.map(([, name]) => name)));
  });

  test('names each file, and no other', () => {
    const files = readdirSync('infra').filter((name) => /\.(bicep|mjs|json)$/.test(name));
    const named = page.replace(
      'private-endpoint(s).bicep',
      'private-endpoint.bicep` `private-endpoints.bicep',
    );
    for (const name of files) expect(named).toContain(`\`${name}\``);
    for (const [, name = ''] of named.matchAll(/`([\w-]+\.(?:bicep|mjs|json))`/g)) {
      expect(files).toContain(name);
    }
  });
});
