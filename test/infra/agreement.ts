import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { functions } from '../../functions/index.ts';
import { fileOf } from './bicep-folder.ts';
import { propertyAt, textOf } from './bicep-values.ts';
import type { Expectation } from './expectations.ts';

// What two files must say alike.

/** Event Grid tells the function that takes drops, of what that function takes. */
export const events: Expectation = (infra) => {
  const file = fileOf(infra, 'events.bicep');
  const at = (path: string) => textOf(propertyAt(file, `topic::drops.properties.${path}`));
  const [drop, ...others] = functions.flatMap((one) => (one.kind === 'blob' ? [one] : []));
  const [, container = '', ending = ''] = /^([\w-]+\/)\{\w+\}(.*)$/.exec(drop?.path ?? '') ?? [];
  const wanted: Record<string, string> = {
    'filter.subjectBeginsWith': `/blobServices/default/containers/${container}`,
    'filter.subjectEndsWith': ending,
    'destination.endpointType': 'WebHook',
    'destination.properties.endpointUrl': `'https://\${hostName}/runtime/webhooks/blobs?functionName=Host.Functions.${drop?.name ?? ''}&code=\${blobsExtensionKey}'`,
  };
  return [
    ...(others.length > 0 ? ['events.bicep tells one function of blobs, and there are more'] : []),
    ...Object.entries(wanted)
      .filter(([path, value]) => at(path) !== value)
      .map(([path, value]) => `events.bicep: ${path} is ${at(path)}, not ${value}`),
    ...(/@secure\(\)\s*@description\([^\n]*\)\s*param blobsExtensionKey/.test(file)
      ? []
      : ['events.bicep shows its key']),
  ];
};

/** The host is set up as the code and the infrastructure rely on. */
export const host: Expectation = (infra) => {
  const { extensionBundle, extensions } = JSON.parse(fileOf(infra, 'host.json')) as {
    extensionBundle?: { version?: string };
    extensions?: { http?: { routePrefix?: string }; queues?: Record<string, unknown> };
  };
  const anonymous = functions.flatMap((one) =>
    one.kind === 'http' && one.access === 'anonymous' ? [`/${one.route}`] : [],
  );
  const excluded = propertyAt(
    fileOf(infra, 'sign-in.bicep'),
    'app::authentication.properties.globalValidation.excludedPaths',
  )?.value;
  const paths = Array.isArray(excluded) ? excluded.map((value) => textOf({ value })) : [];
  const health = textOf(
    propertyAt(fileOf(infra, 'dedicated.bicep'), 'app.properties.siteConfig.healthCheckPath'),
  );
  const flex = textOf(
    propertyAt(fileOf(infra, 'flex.bicep'), 'app.properties.functionAppConfig.runtime.version'),
  );
  const own = textOf(
    propertyAt(fileOf(infra, 'dedicated.bicep'), 'app.properties.siteConfig.linuxFxVersion'),
  );
  return [
    ...(extensionBundle?.version === '[4.*, 5.0.0)'
      ? []
      : ['host.json: blob events by Event Grid want bundle 4']),
    ...(extensions?.http?.routePrefix === ''
      ? []
      : ['host.json: routes have a prefix that the paths lack']),
    ...(extensions?.queues?.['messageEncoding'] === 'base64'
      ? []
      : ['host.json: messages are sent as base64']),
    ...anonymous
      .filter((path) => !paths.includes(path))
      .map((path) => `sign-in.bicep asks for a token at ${path}`),
    ...paths
      .filter((path) => !anonymous.includes(path) && path !== '/runtime/webhooks/blobs')
      .map((path) => `sign-in.bicep lets anybody call ${path}`),
    ...(anonymous.includes(health)
      ? []
      : [`dedicated.bicep: nobody answers at ${health} without a key`]),
    ...(own === `NODE|${flex}` ? [] : [`dedicated.bicep runs ${own}, flex.bicep Node ${flex}`]),
  ];
};

/** What is removed by the account is no longer needed by the app. */
export const lifetimes: Expectation = (infra) => {
  const storage = fileOf(infra, 'storage.bicep');
  const removed = (container: string) =>
    new RegExp(`removal\\('${container}', ([^)\\n]*)\\)`).exec(storage)?.[1] ?? '';
  const sweep = readFileSync('shared/usecases/sweep-batches.ts', 'utf8');
  const jobDays = Number(/MAX_JOB_MS = (\d+) \* 86_400_000/.exec(sweep)?.[1]);
  const kept = fileOf(infra, 'app-settings.bicep').includes(
    'PILOTLIGHT_BATCH_TTL_MS: string(batchDays * 86400000)',
  );
  const passed = ['storage', 'app'].every(
    (name) =>
      textOf(propertyAt(fileOf(infra, 'main.bicep'), `${name}.params.batchDays`)) === 'batchDays',
  );
  return [
    ...(Number(removed('uploads')) > jobDays
      ? []
      : [`storage.bicep removes uploads while a batch of ${jobDays} days reads them`]),
    ...(removed('batches') === 'batchDays + 1' && kept && passed
      ? []
      : ['storage.bicep removes files of jobs that are kept']),
    ...(removed('artifacts') === '' && removed('deployments') === ''
      ? []
      : ['storage.bicep removes what is needed for ever']),
  ];
};

interface AzureYaml {
  readonly requiredVersions?: { readonly azd?: string };
  readonly infra?: { readonly path?: string; readonly module?: string };
  readonly services?: Readonly<Record<string, Service>>;
  readonly hooks?: { readonly postdeploy?: Hook };
}
interface Service {
  readonly project?: string;
  readonly host?: string;
  readonly language?: string;
  readonly dist?: string;
  readonly remoteBuild?: boolean;
  readonly hooks?: { readonly prepackage?: Hook };
}
type Hook = Readonly<Partial<Record<'posix' | 'windows', { shell?: string; run?: string }>>>;

/** azd deploys what is packaged, to the app that the Bicep makes, and runs steps that find what they need. */
export const azd: Expectation = (infra) => {
  const project = parse(fileOf(infra, 'azure.yaml')) as AzureYaml;
  const [[name, service] = ['', {}], ...others] = Object.entries(project.services ?? {});
  const tag = /'azd-service-name': '(\w+)'/.exec(fileOf(infra, 'app.bicep'))?.[1];
  const steps = project.hooks?.postdeploy;
  const made = fileOf(infra, 'main.bicep');
  const outputs = [...made.matchAll(/^output (\w+)/gm)].map(([, one]) => one);
  return [
    ...(others.length === 0 && name === tag
      ? []
      : [`azure.yaml: the app's tag is ${tag}, its service ${name}`]),
    ...(service.host === 'function' && service.project === '.'
      ? []
      : ['azure.yaml: no function app']),
    ...(service.remoteBuild === undefined
      ? []
      : ['azure.yaml: remoteBuild is refused on a plan of its own']),
    ...(/^node_modules/m.test(fileOf(infra, '.funcignore'))
      ? ['.funcignore: azd would build on the server']
      : []),
    ...(project.requiredVersions?.azd
      ? []
      : ['azure.yaml: earlier versions of azd build on the server']),
    ...(project.infra?.path === 'infra' && project.infra.module === 'main'
      ? []
      : ['azure.yaml: no infra/main.bicep']),
    ...sameOnBoth(
      'prepackage',
      service.hooks?.prepackage,
      `npm run package -- --dir ${service.dist ?? '?'}`,
    ),
    ...sameOnBoth('postdeploy', steps, 'node infra/subscribe-drops.mjs && node infra/set-keys.mjs'),
    ...['infra/subscribe-drops.mjs', 'infra/set-keys.mjs'].flatMap((script) =>
      [...fileOf(infra, script).matchAll(/'((?:AZURE|PILOTLIGHT)_\w+)'/g)]
        .filter(([, output]) => !outputs.includes(output ?? ''))
        .map(([, output]) => `${script}: main.bicep has no output ${output}`),
    ),
    ...(/output PILOTLIGHT_URL string = 'https:\/\/\$\{app\.outputs\.hostName\}'/.test(made)
      ? []
      : ['main.bicep does not say where the app answers']),
  ];
};

function sameOnBoth(name: string, hook: Hook | undefined, run: string): string[] {
  return (['posix', 'windows'] as const)
    .filter((system) => hook?.[system]?.run !== run || !hook[system].shell)
    .map((system) => `azure.yaml: ${name} on ${system} is not ${run}`);
}

/** What azd knows without being told. */
const AZD_KNOWS = ['AZURE_ENV_NAME', 'AZURE_LOCATION', 'AZURE_PRINCIPAL_ID'];

/** Parameters are main.bicep's, and what azd isn't told has a default: its own. */
export const parameters: Expectation = (infra) => {
  const main = fileOf(infra, 'main.bicep');
  const given = (
    JSON.parse(fileOf(infra, 'infra/main.parameters.json')) as {
      parameters: Record<string, { value: string }>;
    }
  ).parameters;
  const wrong: string[] = [];
  for (const [name, { value }] of Object.entries(given)) {
    const declared = new RegExp(`^param ${name} [^\\n=]*?(?: = ([^\\n]*))?$`, 'm').exec(main);
    const [, variable = '', fallback] = /^\$\{(\w+)(?:=([^}]*))?\}$/.exec(value) ?? [];
    if (!declared) wrong.push(`main.bicep has no parameter ${name}`);
    else if (variable === '') wrong.push(`${name}: ${value} is no variable of azd`);
    else if (AZD_KNOWS.includes(variable)) continue;
    else if (fallback !== declared[1]?.replace(/^'|'$/g, '')) {
      wrong.push(
        `${name}: ${fallback ?? 'nothing'} unless it is set, but ${declared[1] ?? 'nothing'} in main.bicep`,
      );
    }
  }
  const needed = [...main.matchAll(/^param (\w+) [^\n={]*$/gm)].map(([, name]) => name ?? '');
  return [
    ...wrong,
    ...needed.filter((name) => !(name in given)).map((name) => `${name} is not given`),
  ];
};

/** A budget keeps the month in which it began: Azure refuses to change it, and all that is deployed with it. */
export const budget: Expectation = (infra) => {
  const main = fileOf(infra, 'main.bicep');
  const given = fileOf(infra, 'infra/main.parameters.json');
  const remembered = /"budgetStart": \{ "value": "\$\{(\w+)=\}" \}/.exec(given)?.[1] ?? '?';
  const told = new RegExp(`^output ${remembered} string = (.*)$`, 'm').exec(main)?.[1];
  return [
    ...(/utcNow/.test(fileOf(infra, 'budget.bicep')) ? ['budget.bicep begins anew'] : []),
    ...(textOf(propertyAt(main, 'budget.params.startDate')) ===
    'empty(budgetStart) ? thisMonth : budgetStart'
      ? []
      : ['main.bicep: a budget does not keep its month']),
    ...(told === 'empty(budgetStart) && monthlyBudget > 0 ? thisMonth : budgetStart'
      ? []
      : [`main.bicep: azd is not told of ${remembered}`]),
  ];
};
