import { readFileSync } from 'node:fs';
import { functions } from '../../functions/index.ts';
import { type BicepFolder, blockAfter, fileOf } from './bicep-folder.ts';
import { declarationsOf, Expression, propertyAt, type Value } from './bicep-values.ts';
import { settingsRead } from './settings-read.ts';

/** What a deployment must be like; each answers what is wrong, empty when it is right. */
export type Expectation = (infra: BicepFolder) => string[];

/** Read by the Functions host for its triggers, not by the app. */
const READ_BY_THE_HOST = ['PILOTLIGHT_STORAGE__credential'];
/** What the host itself needs to reach its storage by identity. */
const HOST_STORAGE = [
  'credential',
  'clientId',
  'blobServiceUri',
  'queueServiceUri',
  'tableServiceUri',
];
/** Flex Consumption makes these itself, and refuses an app that has them. */
const REFUSED_BY_FLEX =
  /\b(FUNCTIONS_(EXTENSION|WORKER|MAX)_\w+|WEBSITE_\w+|ENABLE_ORYX_BUILD|SCM_DO_BUILD_DURING_DEPLOYMENT|TZ)\b/g;
/** The platform tells the app by it that principals are its own: who sets it lets anybody forge them. */
const NOBODY_SETS = /\bWEBSITE_AUTH_\w+\s*:/;

/** Settings that `shared/config.ts` reads are set, and no others; and none that the plan refuses. */
export const settings: Expectation = (infra) => {
  const text = fileOf(infra, 'app-settings.bicep');
  const block = blockAfter(text, /resource appSettings 'config'/) ?? '';
  const names = [...block.matchAll(/^\s*(\w+):/gm)].map(([, name]) => name ?? '');
  const set = new Set(names.filter((name) => /^(PILOTLIGHT|APPLICATIONINSIGHTS)_/.test(name)));
  // What the platform sets itself is nobody else's to set.
  const read = new Set([...settingsRead()].filter((name) => !name.startsWith('WEBSITE_')));
  const needed = [
    ...read,
    ...READ_BY_THE_HOST,
    ...HOST_STORAGE.map((name) => `AzureWebJobsStorage__${name}`),
  ];
  const everywhere = [...infra].filter(([file]) => file !== 'dedicated.bicep');
  return [
    ...needed.filter((name) => !names.includes(name)).map((name) => `${name} is not set`),
    ...[...set]
      .filter((name) => !read.has(name) && !READ_BY_THE_HOST.includes(name))
      .map((name) => `${name} is set, and nothing reads it`),
    ...everywhere
      .filter(([file]) => file.endsWith('.bicep'))
      .flatMap(([file, one]) =>
        [...one.matchAll(REFUSED_BY_FLEX)].map(
          ([name]) => `${file} has ${name}, which Flex Consumption refuses`,
        ),
      ),
    ...[...infra]
      .filter(([, one]) => NOBODY_SETS.test(one))
      .map(([file]) => `${file} says that the platform signs callers in`),
    ...(/\bothers,\s+\{\s+PILOTLIGHT_ACCESS: access\s+\}\s+\)/.test(text)
      ? []
      : ['app-settings.bicep: who may call can be changed by a setting']),
    ...ownPlanSettings(infra),
  ];
};

/** What a plan of its own needs besides, and no other is given. */
function ownPlanSettings(infra: BicepFolder): string[] {
  const made = propertyAt(fileOf(infra, 'dedicated.bicep'), 'hostSettings')?.value;
  const names = made instanceof Map ? [...made.keys()] : [];
  const given = propertyAt(fileOf(infra, 'app.bicep'), 'appSettings.params.others')?.value;
  const wanted = [
    'FUNCTIONS_EXTENSION_VERSION',
    'FUNCTIONS_WORKER_RUNTIME',
    'WEBSITE_RUN_FROM_PACKAGE',
    'SCM_DO_BUILD_DURING_DEPLOYMENT',
  ];
  return [
    ...wanted
      .filter((name) => !names.includes(name))
      .map((name) => `dedicated.bicep lacks ${name}`),
    ...(given instanceof Expression && given.text === 'union(isFlex ? {} : hostSettings, settings)'
      ? []
      : ['app.bicep: settings of a plan of its own are not kept from Flex Consumption']),
  ];
}

const ROLES: readonly (readonly [file: string, role: string, what: string])[] = [
  ['storage.bicep', 'b7e6dc6d-f1e8-4753-8033-0f276bb0955b', 'Storage Blob Data Owner'],
  ['storage.bicep', '974c5e8b-45b9-4653-ba55-5f855dd0fb88', 'Storage Queue Data Contributor'],
  ['storage.bicep', '0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3', 'Storage Table Data Contributor'],
  ['monitoring.bicep', '3913510d-42f4-4e42-8a64-420c390055eb', 'Monitoring Metrics Publisher'],
  ['cosmos.bicep', '00000000-0000-0000-0000-000000000002', 'Cosmos DB Data Contributor'],
  ['operator.bicep', 'ba92f5b4-2d11-453d-a403-e96b0029c9fe', 'Storage Blob Data Contributor'],
];
const GUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;
/** Who gets them, and on what alone. */
const ASSIGNMENTS: readonly (readonly [file: string, path: string, expression: string])[] = [
  ['storage.bicep', 'assignments.scope', 'account'],
  ['storage.bicep', 'assignments.properties.principalId', 'principalId'],
  [
    'storage.bicep',
    'assignments.properties.roleDefinitionId',
    "subscriptionResourceId('Microsoft.Authorization/roleDefinitions', role.value)",
  ],
  ['monitoring.bicep', 'mayPublish.scope', 'insights'],
  ['monitoring.bicep', 'mayPublish.properties.principalId', 'principalId'],
  ['cosmos.bicep', 'mayReadAndWrite.parent', 'account'],
  ['cosmos.bicep', 'mayReadAndWrite.properties.principalId', 'principalId'],
  ['cosmos.bicep', 'mayReadAndWrite.properties.scope', 'account.id'],
  ['operator.bicep', 'mayDrop.scope', 'storage::blobs::incoming'],
  ['operator.bicep', 'mayDrop.properties.principalId', 'principalId'],
  ['main.bicep', 'storage.params.principalId', 'identity.outputs.principalId'],
  ['main.bicep', 'cosmos.params.principalId', 'identity.outputs.principalId'],
  ['main.bicep', 'monitoring.params.principalId', 'identity.outputs.principalId'],
  ['main.bicep', 'operator.params.principalId', 'operatorPrincipalId'],
];

/** Every identity has the roles that it needs, on what it needs them for, and no other. */
export const roles: Expectation = (infra) => {
  const wrong: string[] = [];
  for (const [file, role, what] of ROLES) {
    if (!fileOf(infra, file).includes(role)) wrong.push(`${file} does not give ${what}`);
  }
  for (const [file, path, expression] of ASSIGNMENTS) {
    const value = propertyAt(fileOf(infra, file), path)?.value;
    if (!(value instanceof Expression) || value.text !== expression) {
      wrong.push(`${file}: ${path} is not ${expression}`);
    }
  }
  if (
    !declarationsOf(fileOf(infra, 'storage.bicep')).some(
      ({ name, head }) => name === 'assignments' && head.includes('in items(roles)'),
    )
  ) {
    wrong.push('storage.bicep does not give each role');
  }
  for (const [file, text] of infra) {
    if (!file.endsWith('.bicep')) continue;
    for (const [role] of text.matchAll(GUID)) {
      if (!ROLES.some(([where, known]) => where === file && known === role)) {
        wrong.push(`${file} names ${role}, which nobody needs`);
      }
    }
  }
  return wrong;
};

/** Containers, queues and tables that the code relies on, by its own lists. */
export const containers: Expectation = (infra) => {
  const storage = fileOf(infra, 'storage.bicep');
  const made = (name: string) => namesIn(propertyAt(storage, name)?.value);
  const provision = readFileSync('local/provision.ts', 'utf8');
  const listed = (name: string) =>
    [
      ...(new RegExp(`${name} = \\[([^\\]]*)\\]`).exec(provision)?.[1] ?? '').matchAll(
        /'([^']+)'/g,
      ),
    ].map(([, one]) => one ?? '');
  const blobs = functions.flatMap((one) =>
    one.kind === 'blob' ? [one.path.split('/')[0] ?? ''] : [],
  );
  const queues = functions.flatMap((one) => (one.kind === 'queue' ? [one.queue] : []));
  const tables = [...provision.matchAll(/id: '(\w+)', partitionKey: '([/\w]+)'/g)];
  const cosmos = containersOf(fileOf(infra, 'cosmos.bicep'));
  return [
    ...[...listed('BLOB_CONTAINERS'), ...blobs, 'deployments']
      .filter((name) => !made('containers').includes(name))
      .map((name) => `storage.bicep makes no container ${name}`),
    ...[...listed('QUEUES'), ...queues]
      .filter((name) => !made('queues').includes(name))
      .map((name) => `storage.bicep makes no queue ${name}`),
    ...tables
      .filter(([, name = '', key]) => cosmos.get(name) !== key)
      .map(([, name]) => `cosmos.bicep makes no ${name}`),
    ...(tables.length === 3 ? [] : ['local/provision.ts is not understood']),
  ];
};

function namesIn(value: Value | undefined): unknown[] {
  return Array.isArray(value) ? value : [];
}

/** name → partition key. The variable has a type before its equals sign: it is read as text. */
function containersOf(cosmos: string): Map<string, string> {
  const found = cosmos.matchAll(/name: '(\w+)',?\s*partitionKey: '([/\w]+)'/g);
  return new Map([...found].map(([, name = '', key = '']) => [name, key]));
}
