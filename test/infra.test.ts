import { describe, expect, test } from '@jest/globals';
import { type BicepFolder, readBicepFolder } from './infra/bicep-folder.ts';
import { closed, containers, type Expectation, roles, settings } from './infra/expectations.ts';

const INFRA = readBicepFolder('infra');
const EXPECTATIONS: Readonly<Record<string, Expectation>> = { settings, roles, closed, containers };

test.each(Object.entries(EXPECTATIONS))('%s are as they must be', (_, expectation) => {
  expect(expectation(INFRA)).toEqual([]);
});

/** The same without a piece of a file; there must be such a piece. */
function without(file: string, piece: RegExp | string): BicepFolder {
  const text = INFRA.get(file) ?? '';
  const faulty = text.replace(piece, '');
  expect(faulty).not.toBe(text);
  return new Map([...INFRA, [file, faulty]]);
}

describe('a fault is noticed:', () => {
  test.each<[string, Expectation, string, RegExp | string]>([
    ['a setting is missing', settings, 'app-settings.bicep', /^.*PILOTLIGHT_ROUTING_TTL_MS.*\n/m],
    [
      'a connection is missing',
      settings,
      'app-settings.bicep',
      /^.*PILOTLIGHT_COSMOS__accountEndpoint.*\n/m,
    ],
    [
      'the host’s own is missing',
      settings,
      'app-settings.bicep',
      /^.*PILOTLIGHT_STORAGE__credential.*\n/m,
    ],
    ['blobs are out of reach', roles, 'storage.bicep', /b7e6dc6d[-0-9a-f]+/],
    ['queues are out of reach', roles, 'storage.bicep', /974c5e8b[-0-9a-f]+/],
    [
      'the database is out of reach',
      roles,
      'cosmos.bicep',
      /resource mayReadAndWrite [\s\S]*?\n\}\n/,
    ],
    ['telemetry is refused', roles, 'monitoring.bicep', /resource mayPublish [\s\S]*?\n\}\n/],
    ['keys sign', closed, 'storage.bicep', 'allowSharedKeyAccess: false'],
    ['the database has keys', closed, 'cosmos.bicep', 'disableLocalAuth: true'],
    ['blobs are public', closed, 'storage.bicep', "publicAccess: 'None'"],
    ['a private account is open', closed, 'storage.bicep', /publicNetworkAccess: isPrivate.*\n/],
    ['a private database is open', closed, 'cosmos.bicep', /publicNetworkAccess: isPrivate.*\n/],
    ['Event Grid is shut out', closed, 'storage.bicep', "bypass: 'AzureServices'"],
    ['plain http', closed, 'flex.bicep', 'httpsOnly: true'],
    ['a container is missing', containers, 'storage.bicep', /'incoming', /],
    ['a queue is missing', containers, 'storage.bicep', /'batch-chunks', /],
    ['counters are missing', containers, 'cosmos.bicep', /\{ name: 'counters'.*\n/],
  ])('%s', (_, expectation, file, piece) => {
    expect(expectation(without(file, piece))).not.toEqual([]);
  });

  test('a setting that nothing reads', () => {
    const text = (INFRA.get('app-settings.bicep') ?? '').replace(
      'PILOTLIGHT_VCPUS:',
      "PILOTLIGHT_CPUS: '1'\n        PILOTLIGHT_VCPUS:",
    );
    expect(settings(new Map([...INFRA, ['app-settings.bicep', text]]))).toEqual([
      'PILOTLIGHT_CPUS is set, and nothing reads it',
    ]);
  });

  test('a role that nobody needs', () => {
    const text = `${INFRA.get('storage.bicep') ?? ''}\nvar owner = '8e3af657-a8ff-443c-a75c-2fe8c4bcb635'`;
    expect(roles(new Map([...INFRA, ['storage.bicep', text]]))).toHaveLength(1);
  });
});
