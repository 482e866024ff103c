import { describe, expect, test } from '@jest/globals';
import { azd, events, host, lifetimes, parameters } from './infra/agreement.ts';
import type { BicepFolder } from './infra/bicep-folder.ts';
import { propertyAt } from './infra/bicep-values.ts';
import { closed, RULES } from './infra/closed.ts';
import { readDeployment } from './infra/deployment.ts';
import { containers, type Expectation, roles, settings } from './infra/expectations.ts';
import { FAULTS } from './infra/faults.ts';
import { autoscale, zones } from './infra/scaling.ts';

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
  autoscale,
  zones,
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
