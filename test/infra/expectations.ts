import { type BicepFolder, blockAfter, fileOf } from './bicep-folder.ts';
import { settingsRead } from './settings-read.ts';

/** What a deployment must be like; each answers what is wrong, empty when it is right. */
export type Expectation = (infra: BicepFolder) => string[];

/** Read by the Functions host for its triggers, not by the app. */
const READ_BY_THE_HOST = ['PILOTLIGHT_STORAGE__credential'];

/** Settings that `shared/config.ts` reads are set, and no others. */
export const settings: Expectation = (infra) => {
  const block =
    blockAfter(fileOf(infra, 'app-settings.bicep'), /resource appSettings 'config'/) ?? '';
  const set = new Set(
    [...block.matchAll(/^\s*((?:PILOTLIGHT|APPLICATIONINSIGHTS)_\w+):/gm)].map(
      ([, name]) => name ?? '',
    ),
  );
  // What the platform sets itself is nobody else's to set.
  const read = new Set([...settingsRead()].filter((name) => !name.startsWith('WEBSITE_')));
  return [
    ...[...read].filter((name) => !set.has(name)).map((name) => `${name} is not set`),
    ...[...set]
      .filter((name) => !read.has(name) && !READ_BY_THE_HOST.includes(name))
      .map((name) => `${name} is set, and nothing reads it`),
    ...READ_BY_THE_HOST.filter((name) => !set.has(name)).map((name) => `${name} is not set`),
  ];
};

const ROLES: readonly (readonly [file: string, role: string, what: string])[] = [
  ['storage.bicep', 'b7e6dc6d-f1e8-4753-8033-0f276bb0955b', 'Storage Blob Data Owner'],
  ['storage.bicep', '974c5e8b-45b9-4653-ba55-5f855dd0fb88', 'Storage Queue Data Contributor'],
  ['storage.bicep', '0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3', 'Storage Table Data Contributor'],
  ['monitoring.bicep', '3913510d-42f4-4e42-8a64-420c390055eb', 'Monitoring Metrics Publisher'],
  ['cosmos.bicep', '00000000-0000-0000-0000-000000000002', 'Cosmos DB Data Contributor'],
  ['operator.bicep', 'ba92f5b4-2d11-453d-a403-e96b0029c9fe', 'Storage Blob Data Contributor'],
];
const GUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;

/** Every identity has the roles that it needs, and no other. */
export const roles: Expectation = (infra) => {
  const wrong: string[] = [];
  for (const [file, role, what] of ROLES) {
    const text = fileOf(infra, file);
    if (!text.includes(role)) wrong.push(`${file} does not give ${what}`);
    if (
      !/resource \w+ 'Microsoft\.(Authorization\/roleAssignments|DocumentDB\/databaseAccounts\/sqlRoleAssignments)@/.test(
        text,
      )
    ) {
      wrong.push(`${file} assigns no role`);
    }
  }
  for (const [file, text] of infra) {
    for (const [role] of text.matchAll(GUID)) {
      if (!ROLES.some(([where, known]) => where === file && known === role)) {
        wrong.push(`${file} names ${role}, which nobody needs`);
      }
    }
  }
  return wrong;
};

/** What keeps a deployment closed: a file, and what must stand there. */
const CLOSED: readonly (readonly [file: string, line: RegExp, what: string])[] = [
  ['storage.bicep', /allowSharedKeyAccess: false/, 'shared keys are off'],
  ['storage.bicep', /allowBlobPublicAccess: false/, 'blobs are not public'],
  ['storage.bicep', /publicAccess: 'None'/, 'containers are not public'],
  ['storage.bicep', /supportsHttpsTrafficOnly: true/, 'https alone'],
  ['storage.bicep', /minimumTlsVersion: 'TLS1_2'/, 'TLS 1.2'],
  ['storage.bicep', /publicNetworkAccess: isPrivate \? 'Disabled'/, 'storage can be private'],
  ['storage.bicep', /defaultAction: isPrivate \? 'Deny'/, 'storage refuses others when private'],
  ['storage.bicep', /bypass: 'AzureServices'/, 'Event Grid reaches storage'],
  ['storage.bicep', /isVersioningEnabled: true/, 'blobs have versions'],
  ['storage.bicep', /deleteRetentionPolicy: \{ enabled: true/, 'deleted blobs can be restored'],
  ['cosmos.bicep', /disableLocalAuth: true/, 'the database has no keys'],
  ['cosmos.bicep', /publicNetworkAccess: isPrivate \? 'Disabled'/, 'the database can be private'],
  ['monitoring.bicep', /DisableLocalAuth: true/, 'telemetry by identity alone'],
  ['flex.bicep', /httpsOnly: true/, 'https alone'],
  ['flex.bicep', /minTlsVersion: '1\.2'/, 'TLS 1.2'],
  ['flex.bicep', /resource ftp [\s\S]*?allow: false/, 'no FTP'],
  ['flex.bicep', /resource scm [\s\S]*?allow: false/, 'no basic authentication'],
  ['flex.bicep', /type: 'UserAssignedIdentity'/, 'deployments by identity'],
];

export const closed: Expectation = (infra) =>
  CLOSED.filter(([file, line]) => !line.test(fileOf(infra, file))).map(
    ([file, , what]) => `${file}: expected that ${what}`,
  );

/** Names that the code relies on, as local/provision.ts makes them. */
export const containers: Expectation = (infra) => {
  const storage = fileOf(infra, 'storage.bicep');
  const cosmos = fileOf(infra, 'cosmos.bicep');
  const lists = [...storage.matchAll(/^var (?:containers|queues) = \[([^\]]*)\]/gm)].join();
  return [
    ...['artifacts', 'uploads', 'incoming', 'batches', 'registrations', 'batch-chunks']
      .filter((name) => !lists.includes(`'${name}'`))
      .map((name) => `storage.bicep makes no ${name}`),
    ...[
      ['registry', '/model'],
      ['batches', '/id'],
      ['counters', '/rollout'],
    ]
      .filter(
        ([name, key]) =>
          !new RegExp(
            `name: '${name}'\\s*partitionKey: '${key}'|name: '${name}', partitionKey: '${key}'`,
          ).test(cosmos),
      )
      .map(([name]) => `cosmos.bicep makes no ${name}`),
  ];
};
