import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import {
  type AppExpectation,
  access,
  alike,
  type ContainerApps,
  scaling,
  settings,
} from './deploy/container-apps.ts';
import { readManifests } from './deploy/manifests.ts';
import { imageOf } from './deploy/wiring.ts';
import { blockAfter, readBicepFolder } from './infra/bicep-folder.ts';

const APPS: ContainerApps = {
  bicep: readBicepFolder('deploy/container-apps'),
  manifests: readManifests('deploy/kubernetes'),
  image: imageOf(readFileSync('Dockerfile', 'utf8'), readFileSync('package.json', 'utf8')),
};
const EXPECTATIONS = { settings, access, alike, scaling };

test.each(Object.entries(EXPECTATIONS))('%s: as they must be', (_, expectation) => {
  expect(expectation(APPS)).toEqual([]);
});

test('storage, database and monitoring are those of infra/, reached by one identity', () => {
  const text = readFileSync('deploy/resources.bicep', 'utf8');
  const used = [...text.matchAll(/^module \w+ '\.\.\/infra\/([\w-]+)\.bicep'/gm)].map(
    ([, name]) => name,
  );
  expect(used).toEqual(
    expect.arrayContaining(['identity', 'storage', 'cosmos', 'monitoring', 'alerts', 'workbook']),
  );
  expect(text).not.toMatch(/^resource /m);
  for (const name of ['storage', 'cosmos', 'monitoring']) {
    const block = blockAfter(text, new RegExp(`^module ${name} `, 'm'));
    expect(block).toContain('principalId: identity.outputs.principalId');
  }
});

describe('a fault is noticed:', () => {
  test.each<[string, AppExpectation, string, RegExp | string, string]>([
    ['a setting is missing', settings, 'main.bicep', /.*COSMOS__clientId.*\n/, ''],
    [
      'the host’s own is missing',
      settings,
      'main.bicep',
      /.*PILOTLIGHT_STORAGE__credential.*\n/,
      '',
    ],
    [
      'a setting that nothing reads',
      settings,
      'main.bicep',
      'PILOTLIGHT_COSMOS__clientId',
      'PILOTLIGHT_COSMOS__id',
    ],
    ['workers have not all', settings, 'main.bicep', 'functions.workers, own', 'functions.workers'],
    ['the clock has all functions', settings, 'main.bicep', 'functions.clock,', ''],
    ['roles without the sign', access, 'main.bicep', /.*WEBSITE_AUTH_ENABLED.*\n/, ''],
    [
      'the sign without roles',
      access,
      'main.bicep',
      "ACCESS: 'keys'",
      "ACCESS: 'keys'\n      WEBSITE_AUTH_ENABLED: 'True'",
    ],
    [
      'roles where nobody signs in',
      access,
      'main.bicep',
      '!empty(signInClientId) && access',
      'access',
    ],
    ['the platform checks nobody', access, 'sign-in.bicep', 'enabled: true', 'enabled: false'],
    ['anybody is let through', access, 'sign-in.bicep', 'Return401', 'AllowAnonymous'],
    ['everything is health', access, 'sign-in.bicep', "'/v2/health/live'", "'/v2/*'"],
    ['workers are reached', access, 'main.bicep', 'isReached: false', 'isReached: true'],
    ['plain http', access, 'app.bicep', 'allowInsecure: false', 'allowInsecure: true'],
    [
      'a registry with a key',
      access,
      'registry.bicep',
      'adminUserEnabled: false',
      'adminUserEnabled: true',
    ],
    ['another size', alike, 'main.bicep', "memory: '4Gi'", "memory: '2Gi'"],
    ['more cores than there are', alike, 'main.bicep', "VCPUS: '2'", "VCPUS: '4'"],
    ['requests are cut off', alike, 'main.bicep', 'graceSeconds: 90', 'graceSeconds: 30'],
    ['another port', alike, 'app.bicep', 'targetPort: 8080', 'targetPort: 80'],
    ['another probe', alike, 'app.bicep', '/v2/health/ready', '/ready'],
    ['a queue is not followed', scaling, 'main.bicep', /.*'batch-chunks', length.*\n/, ''],
    [
      'a queue is read by a key',
      scaling,
      'main.bicep',
      /identity: resources\.outputs\.identityId\n {10}\}/,
      '}',
    ],
    ['workers are taken away', scaling, 'main.bicep', "Strategy: 'all'", "Strategy: 'visibleonly'"],
    ['two clocks', scaling, 'main.bicep', 'least: 1, most: 1', 'least: 1, most: 2'],
    [
      'another concurrency',
      scaling,
      'main.bicep',
      'httpConcurrency int = 32',
      'httpConcurrency int = 100',
    ],
  ])('%s', (_, ...[expectation, file, piece, instead]) => {
    const text = APPS.bicep.get(file) ?? '';
    const faulty = text.replace(piece, instead);
    expect(faulty).not.toBe(text);
    expect(expectation({ ...APPS, bicep: new Map([...APPS.bicep, [file, faulty]]) })).not.toEqual(
      [],
    );
  });

  test('a setting is missing in the cluster’s file', () => {
    const text = (APPS.manifests.get('settings.yaml') ?? '').replace(/.*MAX_RUN_MS.*\n/, '');
    const manifests = new Map([...APPS.manifests, ['settings.yaml', text]]);
    expect(settings({ ...APPS, manifests })).toEqual(['PILOTLIGHT_MAX_RUN_MS is not set']);
  });
});
