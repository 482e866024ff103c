import { functions } from '../../functions/index.ts';
import { type BicepFolder, blockAfter, fileOf } from '../infra/bicep-folder.ts';
import { settingsRead } from '../infra/settings-read.ts';
import { at, kustomizationOf, list, type Manifests, ofKind, texts } from './manifests.ts';
import { workload } from './pods.ts';
import type { Image } from './wiring.ts';

/** The apps' Bicep, and the manifests that it takes settings from. */
export interface ContainerApps {
  readonly bicep: BicepFolder;
  readonly manifests: Manifests;
  readonly image: Image;
}

/** Answers what is wrong, empty when it is right. */
export type AppExpectation = (apps: ContainerApps) => string[];

const PARTS = ['http', 'workers', 'clock'] as const;

function moduleOf(bicep: BicepFolder, part: string): string {
  return blockAfter(fileOf(bicep, 'main.bicep'), new RegExp(`^module ${part} `, 'm')) ?? '';
}

/** Names that a block gives a value. */
function named(block: string | undefined): string[] {
  return [...(block ?? '').matchAll(/^\s*(\w+): /gm)].map(([, name]) => name ?? '');
}

/** Every setting that `shared/config.ts` reads is given, and none that it doesn't. */
export const settings: AppExpectation = ({ bicep, manifests }) => {
  const main = fileOf(bicep, 'main.bicep');
  const shared = ofKind(manifests, 'ConfigMap').find(({ name }) => name === 'pilotlight-settings');
  const own = blockAfter(main, /^var own = /m);
  const access = blockAfter(main, /^var accessOfCallers = /m);
  const given = new Set([
    ...texts(shared?.get('data')).keys(),
    ...named(own),
    ...named(access),
    ...[...(own === undefined ? '' : main).matchAll(/(PILOTLIGHT_BATCH_URL_HOSTS):/g)].map(
      ([, name]) => name ?? '',
    ),
    'PILOTLIGHT_VCPUS',
  ]);
  const read = settingsRead();
  return [
    ...[...read].filter((name) => !given.has(name)).map((name) => `${name} is not set`),
    ...[...given]
      .filter((name) => /^(PILOTLIGHT|APPLICATIONINSIGHTS)_/.test(name))
      .filter((name) => !read.has(name) && name !== 'PILOTLIGHT_STORAGE__credential')
      .map((name) => `${name} is set, and nothing reads it`),
    ...[
      'AzureWebJobsStorage__credential',
      'AzureWebJobsStorage__clientId',
      'PILOTLIGHT_STORAGE__credential',
    ]
      .filter((name) => !given.has(name))
      .map((name) => `${name} is not set`),
    ...PARTS.filter(
      (part) =>
        !new RegExp(`settings: union\\(shared, functions\\.${part}, own,.*PILOTLIGHT_VCPUS`).test(
          moduleOf(bicep, part),
        ),
    ).map((part) => `${part} has not all settings`),
  ];
};

/** Who callers are is believed only where the platform says it, and the platform's word goes with it. */
export const access: AppExpectation = ({ bicep }) => {
  const main = fileOf(bicep, 'main.bicep');
  const wrong: string[] = [];
  const chosen =
    /^var accessOfCallers = !empty\(signInClientId\) && access == 'roles'\s*\? (\{[^}]*\})\s*: (\{[^}]*\})/m.exec(
      main,
    );
  const [, byRoles = '', byKeys = ''] = chosen ?? [];
  if (!/ACCESS: 'roles'[\s\S]*WEBSITE_AUTH_ENABLED: 'True'/.test(byRoles)) {
    wrong.push('roles without the platform’s sign');
  }
  if (!/ACCESS: 'keys'/.test(byKeys) || byKeys.includes('WEBSITE_AUTH'))
    wrong.push('keys are not keys');
  if (!/module authentication 'sign-in\.bicep' = if \(!empty\(signInClientId\)\)/.test(main)) {
    wrong.push('the platform is not told to check who signs in');
  }
  if (!moduleOf(bicep, 'http').includes('accessOfCallers'))
    wrong.push('callers’ access is not set');
  for (const part of ['workers', 'clock']) {
    const block = moduleOf(bicep, part);
    if (block.includes('accessOfCallers')) wrong.push(`${part} believes a header`);
    if (!block.includes('isReached: false')) wrong.push(`${part} is reached`);
  }
  const signIn = fileOf(bicep, 'sign-in.bicep');
  if (!/platform: \{ enabled: true \}/.test(signIn)) wrong.push('signing in is off');
  if (!/unauthenticatedClientAction: 'Return401'/.test(signIn))
    wrong.push('anybody is let through');
  const anonymous = /excludedPaths: \[([^\]]*)\]/.exec(signIn)?.[1] ?? '';
  const health = functions.flatMap((one) =>
    one.kind === 'http' && one.access === 'anonymous' ? [`'/${one.route}'`] : [],
  );
  if (anonymous !== health.join(', ')) wrong.push(`${anonymous} are let through`);
  if (!/allowInsecure: false/.test(fileOf(bicep, 'app.bicep'))) wrong.push('plain http');
  if (!/adminUserEnabled: false/.test(fileOf(bicep, 'registry.bicep')))
    wrong.push('a registry’s key');
  return wrong;
};

/** The same instances as in the cluster: their size, their end, their scale, their probes. */
export const alike: AppExpectation = ({ bicep, manifests, image }) => {
  const wrong: string[] = [];
  const main = fileOf(bicep, 'main.bicep');
  const app = fileOf(bicep, 'app.bicep');
  for (const part of PARTS) {
    const block = moduleOf(bicep, part);
    const { pod, container } = workload(manifests, `pilotlight-${part}`);
    const grace = String(at(pod, 'terminationGracePeriodSeconds'));
    if (!block.includes(`graceSeconds: ${grace}\n`))
      wrong.push(`${part} has not ${grace} s to end`);
    const size = /size: (\w+)/.exec(block)?.[1] ?? '';
    const [, cpu, memory] =
      new RegExp(`^var ${size} = \\{ cpu: '([\\d.]+)', memory: '(\\w+)' \\}`, 'm').exec(main) ?? [];
    const limits = texts(at(container, 'resources', 'limits'));
    const cores =
      Number.parseFloat(limits.get('cpu') ?? '') / (limits.get('cpu')?.endsWith('m') ? 1000 : 1);
    if (Number(cpu) !== cores || memory !== limits.get('memory'))
      wrong.push(`${part} is of another size`);
    if (!block.includes(`PILOTLIGHT_VCPUS: '${Math.ceil(Number(cpu))}'`))
      wrong.push(`${part}: cores`);
  }
  for (const probe of ['startupProbe', 'livenessProbe', 'readinessProbe']) {
    const { container } = workload(manifests, 'pilotlight-http');
    const type = `${probe[0]?.toUpperCase() ?? ''}${probe.slice(1, -'Probe'.length)}`;
    const path = String(at(container, probe, 'httpGet', 'path'));
    if (!app.includes(`{ type: '${type}', path: '${path}'`)) wrong.push(`${probe} is another one`);
  }
  if (!app.includes(`targetPort: ${image.port},`) || !app.includes(`port: ${image.port} }`)) {
    wrong.push('another port');
  }
  if (at(list(at(kustomizationOf(manifests), 'images'))[0], 'newTag') !== image.version)
    wrong.push('version');
  return wrong;
};

/** Instances follow what waits. */
export const scaling: AppExpectation = ({ bicep, manifests }) => {
  const wrong: string[] = [];
  const main = fileOf(bicep, 'main.bicep');
  const given = [...main.matchAll(/\{ name: '([\w-]+)', length: '(\d+)' \}/g)]
    .map(([, name, length]) => `${name ?? ''} ${length ?? ''}`)
    .sort();
  const cluster = ofKind(manifests, 'ScaledObject')
    .flatMap((one) => list(one.get('spec', 'triggers')))
    .filter((one) => at(one, 'type') === 'azure-queue')
    .map(
      (one) =>
        `${String(at(one, 'metadata', 'queueName'))} ${String(at(one, 'metadata', 'queueLength'))}`,
    )
    .sort();
  if (given.join() !== cluster.join()) wrong.push(`queues: ${given.join()}`);
  const workers = moduleOf(bicep, 'workers');
  for (const line of [
    "type: 'azure-queue'",
    'accountName: resources.outputs.storageName',
    'queueName: queue.name',
    'queueLength: queue.length',
    "queueLengthStrategy: 'all'",
    'identity: resources.outputs.identityId\n          }',
  ]) {
    if (!workers.includes(line)) wrong.push(`a queue’s rule lacks ${line}`);
  }
  // Requests a second: those under way, which the cluster's add-on counts, are far fewer.
  if (!main.includes('param httpConcurrency int = 32\n')) wrong.push('another concurrency');
  if (!moduleOf(bicep, 'http').includes('concurrentRequests: string(httpConcurrency)')) {
    wrong.push('http does not scale');
  }
  if (!moduleOf(bicep, 'clock').includes('scale: { least: 1, most: 1, rules: [] }')) {
    wrong.push('the clock is not one');
  }
  return wrong;
};
