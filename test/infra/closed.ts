import { type BicepFolder, fileOf } from './bicep-folder.ts';
import { declarationsOf, Expression, propertyAt, textOf, type Value } from './bicep-values.ts';

/** What must stand where: a value, or with `=` before it an expression. */
export interface Rule {
  readonly file: string;
  /** A declaration and its properties (bicep-values.ts). */
  readonly path: string;
  readonly value: unknown;
  readonly why: string;
}

type Row = readonly [path: string, value: unknown, why: string];

const STORAGE: readonly Row[] = [
  ['account.properties.allowSharedKeyAccess', false, 'nobody signs with a key'],
  ['account.properties.defaultToOAuthAuthentication', true, 'by identity where nothing is said'],
  ['account.properties.allowBlobPublicAccess', false, 'blobs are not public'],
  ['account.properties.allowCrossTenantReplication', false, 'nothing is copied to strangers'],
  ['account.properties.minimumTlsVersion', 'TLS1_2', 'TLS 1.2'],
  ['account.properties.supportsHttpsTrafficOnly', true, 'https alone'],
  ['account.properties.publicNetworkAccess', "=isPrivate ? 'Disabled' : 'Enabled'", 'private'],
  ['account.properties.networkAcls.defaultAction', "=isPrivate ? 'Deny' : 'Allow'", 'private'],
  ['account.properties.networkAcls.bypass', 'AzureServices', 'Event Grid reads what it tells of'],
  ['blobContainers.properties.publicAccess', 'None', 'containers are not public'],
  ['blobs.properties.isVersioningEnabled', true, 'what was overwritten can be restored'],
  ['blobs.properties.deleteRetentionPolicy.enabled', true, 'what was deleted can be restored'],
  ['blobs.properties.containerDeleteRetentionPolicy.enabled', true, 'whole containers too'],
];

const COSMOS: readonly Row[] = [
  ['account.properties.disableLocalAuth', true, 'there are no keys'],
  ['account.properties.disableKeyBasedMetadataWriteAccess', true, 'there are no keys'],
  ['account.properties.minimalTlsVersion', 'Tls12', 'TLS 1.2'],
  ['account.properties.publicNetworkAccess', "=isPrivate ? 'Disabled' : 'Enabled'", 'private'],
  ['account.properties.backupPolicy.type', 'Continuous', 'the registry can be restored'],
  [
    'account.properties.capabilities',
    [{ name: 'EnableServerless' }],
    'it costs nothing while idle',
  ],
  ['databaseContainers.properties.resource.defaultTtl', -1, 'documents say when they end'],
];

const MONITORING: readonly Row[] = [
  ['workspace.properties.features.disableLocalAuth', true, 'by identity alone'],
  ['insights.properties.DisableLocalAuth', true, 'by identity alone'],
  ['workspace.properties.workspaceCapping.dailyQuotaGb', '=dailyCapGb', 'its cost has a bound'],
];

/** Of both plans. */
const APP: readonly Row[] = [
  ['app.identity.type', 'UserAssigned', 'it works as one identity'],
  ['app.properties.httpsOnly', true, 'https alone'],
  ['app.properties.virtualNetworkSubnetId', '=subnetId', 'it stands in its network'],
  ['app.properties.siteConfig.minTlsVersion', '1.2', 'TLS 1.2'],
  ['app.properties.siteConfig.scmMinTlsVersion', '1.2', 'TLS 1.2'],
  ['app.properties.siteConfig.cors', { allowedOrigins: [] }, 'no page of another origin'],
  ['app.properties.siteConfig.ipSecurityRestrictions', '=inbound', 'who may reach it'],
  [
    'app.properties.siteConfig.ipSecurityRestrictionsDefaultAction',
    "=empty(inbound) ? 'Allow' : 'Deny'",
    'who may reach it',
  ],
  ['app.properties.siteConfig.scmIpSecurityRestrictionsUseMain', true, 'who may deploy'],
  ['app::ftp.properties.allow', false, 'no passwords'],
  ['app::scm.properties.allow', false, 'no passwords'],
  ['plan.properties.zoneRedundant', '=zoneRedundant', 'it outlives a zone'],
];

const FLEX: readonly Row[] = [
  [
    'app.properties.functionAppConfig.deployment.storage.authentication',
    { type: 'UserAssignedIdentity', userAssignedIdentityResourceId: '=identityId' },
    'packages are read by identity',
  ],
];

const DEDICATED: readonly Row[] = [
  ['app.properties.siteConfig.ftpsState', 'Disabled', 'no FTP'],
  ['app.properties.siteConfig.vnetRouteAllEnabled', true, 'all goes through the network'],
  ['app.properties.siteConfig.alwaysOn', true, 'timers run while nobody asks'],
];

const SIGN_IN: readonly Row[] = [
  ['app::authentication.properties.platform.enabled', true, 'tokens are checked'],
  [
    'app::authentication.properties.globalValidation',
    {
      requireAuthentication: true,
      unauthenticatedClientAction: 'Return401',
      excludedPaths: ['/v2/health/live', '/v2/health/ready', '/runtime/webhooks/blobs'],
    },
    'health and Event Grid alone come without a token',
  ],
  [
    'app::authentication.properties.identityProviders.azureActiveDirectory.validation.allowedAudiences',
    ["='api://${signIn.clientId}'", '=signIn.clientId'],
    'tokens for others don’t count',
  ],
  ['app::authentication.properties.httpSettings.requireHttps', true, 'https alone'],
];

const NETWORK: readonly Row[] = [
  [
    'network.properties.subnets.0.properties.delegations',
    [{ name: 'app', properties: { serviceName: '=delegatedTo' } }],
    'the platform may put the app there',
  ],
  [
    'network.properties.subnets.1.properties.privateEndpointNetworkPolicies',
    'Disabled',
    'endpoints may stand there',
  ],
];

const ENDPOINT: readonly Row[] = [
  ['zone.name', '=zoneName', 'the service’s usual name is resolved'],
  ['zone::link.properties.virtualNetwork.id', '=networkId', 'in this network'],
  ['zone::link.properties.registrationEnabled', false, 'of services alone'],
  ['endpoint.properties.subnet.id', '=subnetId', 'in the subnet of endpoints'],
  [
    'endpoint.properties.privateLinkServiceConnections',
    [
      {
        name: '=groupId',
        properties: { privateLinkServiceId: '=serviceId', groupIds: ['=groupId'] },
      },
    ],
    'it leads to the service',
  ],
  [
    'endpoint::names.properties.privateDnsZoneConfigs',
    [{ name: '=groupId', properties: { privateDnsZoneId: '=zone.id' } }],
    'its address stands in the zone',
  ],
];

const ENDPOINTS: readonly Row[] = [
  ['storage.params.serviceId', '=storageId', 'storage'],
  ['storage.params.groupId', '=part', 'blobs, queues, tables'],
  [
    'storage.params.zoneName',
    "='privatelink.${part}.${environment().suffixes.storage}'",
    'blobs, queues, tables',
  ],
  ['storage.params.subnetId', '=subnetId', 'storage'],
  ['storage.params.networkId', '=networkId', 'storage'],
  ['database.params.serviceId', '=cosmosId', 'the database'],
  ['database.params.groupId', 'Sql', 'the database'],
  ['database.params.zoneName', 'privatelink.documents.azure.com', 'the database'],
  ['database.params.subnetId', '=subnetId', 'the database'],
  ['database.params.networkId', '=networkId', 'the database'],
];

const MAIN: readonly Row[] = [
  ['storage.params.isPrivate', '=isPrivate', 'storage is private'],
  ['cosmos.params.isPrivate', '=isPrivate', 'the database is private'],
  ['endpoints.params.storageId', '=storage.outputs.id', 'storage has endpoints'],
  ['endpoints.params.cosmosId', '=cosmos.outputs.id', 'the database has one'],
  ['endpoints.params.networkId', "=network.?outputs.id ?? ''", 'names are resolved'],
  ['endpoints.params.subnetId', "=network.?outputs.endpointsSubnetId ?? ''", 'they stand apart'],
  [
    'network.params.delegatedTo',
    "=plan == 'flex' ? 'Microsoft.App/environments' : 'Microsoft.Web/serverFarms'",
    'each plan has its own',
  ],
  ['app.dependsOn', ['=endpoints'], 'storage can be reached when the app starts'],
  ['app.params.subnetId', '=network.?outputs.appSubnetId', 'the app stands in its network'],
  ['app.params.access', "=empty(signInClientId) ? 'keys' : 'roles'", 'never open'],
  ['cosmos.params.zoneRedundant', '=zoneRedundant', 'it outlives a zone'],
];

export const RULES: readonly Rule[] = (
  [
    ['storage.bicep', STORAGE],
    ['cosmos.bicep', COSMOS],
    ['monitoring.bicep', MONITORING],
    ['flex.bicep', [...APP, ...FLEX]],
    ['dedicated.bicep', [...APP, ...DEDICATED]],
    ['sign-in.bicep', SIGN_IN],
    ['network.bicep', NETWORK],
    ['private-endpoint.bicep', ENDPOINT],
    ['private-endpoints.bicep', ENDPOINTS],
    ['main.bicep', MAIN],
  ] as const
).flatMap(([file, rows]) => rows.map(([path, value, why]) => ({ file, path, value, why })));

/** Modules and resources that are there on a condition alone, or for each of a list. */
const HEADS: readonly (readonly [file: string, name: string, head: string])[] = [
  ['main.bicep', 'network', 'if (isPrivate)'],
  ['main.bicep', 'endpoints', 'if (isPrivate)'],
  ['main.bicep', 'authentication', 'if (!empty(signInClientId))'],
  ['private-endpoints.bicep', 'storage', "[ for part in ['blob', 'queue', 'table']:"],
  ['private-endpoints.bicep', 'database', ''],
];

/** Nothing is public that should not be, and what must be reached is. */
export function closed(infra: BicepFolder): string[] {
  const wrong = RULES.flatMap((rule) => {
    const found = propertyAt(fileOf(infra, rule.file), rule.path);
    const value = found && plain(found.value);
    return JSON.stringify(value) === JSON.stringify(rule.value)
      ? []
      : [
          `${rule.file}: ${rule.path} is ${found ? JSON.stringify(value) : 'not there'}: ${rule.why}`,
        ];
  });
  for (const [file, name, head] of HEADS) {
    const found = declarationsOf(fileOf(infra, file)).find((one) => one.name === name);
    if (found?.head !== head) wrong.push(`${file}: ${name} is not there ${head}`);
  }
  return [...wrong, ...inbound(fileOf(infra, 'app.bicep'))];
}

/** The rules of who may reach the app, which both plans are given. */
function inbound(app: string): string[] {
  const [callers = '', rules = ''] = ['callers', 'inbound'].map((name) =>
    textOf(propertyAt(app, name)),
  );
  const wrong: string[] = [];
  if (
    !/for \(addresses, at\) in allowedIpRanges: \{.*action: 'Allow'.*ipAddress: addresses/.test(
      callers,
    )
  ) {
    wrong.push('app.bicep: callers are not let in by their addresses');
  }
  if (!/^empty\(allowedIpRanges\) \? \[\] : concat\(callers, /.test(rules)) {
    wrong.push('app.bicep: inbound is not empty just where everybody may come');
  }
  if (!/action: 'Allow'.*ipAddress: 'AzureEventGrid', tag: 'ServiceTag'/.test(rules)) {
    wrong.push('app.bicep: inbound shuts Event Grid out');
  }
  for (const plan of ['flex', 'ownPlan']) {
    const given = textOf(propertyAt(app, `${plan}.params.inbound`));
    if (given !== 'inbound') wrong.push(`app.bicep: ${plan} is not told who may reach it`);
  }
  return wrong;
}

/** For comparison: expressions as text with `=` before them. */
function plain(value: Value): unknown {
  if (value instanceof Expression) return `=${value.text}`;
  if (Array.isArray(value)) return value.map(plain);
  if (!(value instanceof Map)) return value;
  return Object.fromEntries([...value].map(([name, property]) => [name, plain(property.value)]));
}
