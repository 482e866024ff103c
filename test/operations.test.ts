import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { parseBatchMessage } from '../functions/batch-message.ts';
import { nameVersionFunction } from '../functions/name-version.ts';
import { parseRegistrationMessage } from '../functions/registration-message.ts';
import { batchIdOf } from '../shared/batch/batch-id.ts';
import type { Fingerprint, ModelName, Version } from '../shared/ids.ts';
import { parseQuery } from './infra/kusto.ts';
import { createMemoryApp, send } from './memory-app.ts';
import { costClaims } from './operations/cost-claims.ts';
import { type Page, parsePage } from './operations/page.ts';
import { settingClaims } from './operations/setting-claims.ts';
import { alertClaims, commandClaims, linkClaims, nameClaims } from './operations/text-claims.ts';

const PATH = 'docs/operations.md';
// Without what lines up the tables.
const TEXT = readFileSync(PATH, 'utf8').replaceAll(/ +\|/g, ' |');
const ALERTS = readFileSync('infra/alerts.bicep', 'utf8');

/** What a page says that is not so, and what it leaves out. */
const CLAIMS: Readonly<Record<string, (page: Page) => string[] | Promise<string[]>>> = {
  settings: settingClaims,
  alerts: (page) => alertClaims(page, ALERTS),
  links: (page) => linkClaims(page, PATH),
  commands: commandClaims,
  names: nameClaims,
  queries: ({ code }) =>
    code
      .filter(({ language }) => language === 'kusto')
      .flatMap(({ text }) => text.trim().split('\n'))
      .flatMap((query) => parseQuery(query).problems),
  costs: costClaims,
};

test.each(Object.entries(CLAIMS))('%s are as the page says', async (_, claims) => {
  expect(await claims(parsePage(TEXT))).toEqual([]);
});

const PAGES = [
  ...[
    'README.md',
    ...['infra', 'deploy', 'bench', 'models'].map((folder) => `${folder}/README.md`),
  ],
  ...readdirSync('docs', { recursive: true })
    .map((name) => `docs/${String(name)}`)
    .filter((path) => path.endsWith('.md')),
];

test.each(PAGES)('links of %s lead somewhere', (path) => {
  expect(linkClaims(parsePage(readFileSync(path, 'utf8')), path)).toEqual([]);
});

describe('a fault is noticed:', () => {
  test.each<[what: string, claims: string, piece: string | RegExp, instead: string, told: RegExp]>([
    [
      'a setting is left out',
      'settings',
      /^.*`PILOTLIGHT_MAX_RUN_MS`.*\n/m,
      '',
      /is not in the table/,
    ],
    [
      'nothing reads it',
      'settings',
      '| `PILOTLIGHT_VCPUS`',
      '| `PILOTLIGHT_CPUS`',
      /nothing reads it/,
    ],
    [
      'another default',
      'settings',
      '| `60000` | 1 – 225000',
      '| `6000` | 1 – 225000',
      /not the default/,
    ],
    ['a default in words', 'settings', 'ACCESS` | `keys`', 'ACCESS` | keys', /in backticks/],
    [
      'said to be needed',
      'settings',
      '| `PILOTLIGHT_STORAGE__clientId` | unset',
      '| `PILOTLIGHT_STORAGE__clientId` | must be set',
      /and is not/,
    ],
    ['a range too wide', 'settings', '1 – 225000', '1 – 250000', /250000 is refused/],
    ['a range too narrow', 'settings', '1 – 64 |', '1 – 32 |', /more than 32 is accepted/],
    ['a range too low', 'settings', '0 – 5 |', '1 – 5 |', /less than 1 is accepted/],
    ['another choice', 'settings', 'keys, roles, open', 'keys, roles, none', /none is refused/],
    ['an alert is left out', 'alerts', '### poison', '### poisoned', /poison has no section/],
    [
      'an alert that nobody raises',
      'alerts',
      '## Restore',
      '### too-hot\n\n## Restore',
      /raises too-hot/,
    ],
    ['another window', 'alerts', 'within 15 minutes', 'within 10 minutes', /say "15 minutes"/],
    ['another threshold', 'alerts', 'above 110 %', 'above 120 %', /say "110 %"/],
    ['a parameter', 'names', '`dailyCapGb`', '`dailyCapMb`', /dailyCapMb.* is no parameter/],
    [
      'a part of one',
      'names',
      '`scale.httpConcurrency`',
      '`scale.concurrencyHttp`',
      /concurrencyHttp/,
    ],
    ['a failure', 'names', '`notReady`', '`unReady`', /unReady/],
    ['an anchor', 'links', '## Roll back', '## Back', /#roll-back leads nowhere/],
    ['a file', 'links', '](rollouts.md)', '](rollout.md)', /rollout\.md leads nowhere/],
    ['a script', 'commands', '`npm run package`', '`npm run pack`', /npm run pack: /],
    ['a command', 'commands', 'npx pilotlight compare', 'npx pilotlight diff', /no such command/],
    ['a command below another', 'commands', 'batches cancel', 'batches stop', /no such command/],
    ['an option', 'commands', 'rollback MODEL --why', 'rollback MODEL --reason', /no --reason/],
    [
      'a file in code',
      'commands',
      '`infra/alerts.bicep`',
      '`infra/alarms.bicep`',
      /alarms\.bicep is not/,
    ],
    [
      'a path of the API',
      'commands',
      '/models/MODEL/versions/N/model',
      '/models/MODEL/N/model',
      /no path/,
    ],
    ['a column', 'queries', 'by ProblemId', 'by Problem', /Problem/],
    ['a price', 'costs', '21.02', '21.20', /expected 21\.02, got 21\.20/],
    ['a sum in words', 'costs', '2.30 with', '2.40 with', /"2\.30 with the grants used up"/],
    ['other prices', 'costs', 'list prices of', 'list prices after', /"list prices of \d+"/],
    ['a share of time', 'costs', 'more than 77 %', 'more than 70 %', /"more than 77 % of the time/],
  ])('%s', async (...[, claims, piece, instead, told]) => {
    const faulty = TEXT.replace(piece, instead);
    expect(faulty).not.toBe(TEXT);
    const found = (await CLAIMS[claims]?.(parsePage(faulty))) ?? [];
    expect(found.join('\n')).toMatch(told);
  });

  test('an alert without a section', () => {
    const more = ALERTS.replace("    name: 'poison'\n", "    name: 'hunger'\n");
    expect(alertClaims(parsePage(TEXT), more)).toEqual([
      'hunger has no section',
      'nothing raises poison',
    ]);
    expect(() => alertClaims(parsePage(TEXT), '')).toThrow(/expected `var rules/);
  });
});

describe('versions that run side by side', () => {
  test('read messages with members that they don’t know', () => {
    const registration = { model: 'm', incarnation: 1, version: 2 };
    expect(parseRegistrationMessage({ ...registration, later: true })).toEqual(registration);
    const id = batchIdOf(0, new Uint8Array(16));
    expect(parseBatchMessage({ kind: 'chunk', id, chunk: 3, later: {} })).toEqual({
      kind: 'chunk',
      id,
      chunk: 3,
    });
  });

  test('keep members of a record that they don’t know', async () => {
    const app = await createMemoryApp();
    try {
      const version = {
        version: 1 as Version,
        fingerprint: 'f' as Fingerprint,
        createdAt: '2026-01-02T03:04:05.000Z',
        state: 'ready',
        added: 'kept',
      } as const;
      const record = {
        model: 'm' as ModelName,
        incarnation: 1,
        purges: [],
        generation: 1,
        nextVersion: 2,
        nextEvent: 1,
        routing: { production: version.version },
        aliases: {},
        versions: [version],
        events: [],
        added: 'kept',
      };
      await app.registry.createModel(record);
      const answer = await send(app, nameVersionFunction, {
        path: '/models/m/aliases/champion',
        params: { model: 'm', alias: 'champion' },
        body: '{"version": "1"}',
      });
      expect(answer.status).toBe(200);
      expect((await app.registry.readModel(record.model))?.value).toMatchObject({
        aliases: { champion: 1 },
        versions: [{ added: 'kept' }],
        added: 'kept',
      });
    } finally {
      await app.close();
    }
  });
});
