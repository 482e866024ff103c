import { functions } from '../../functions/index.ts';
import { parseConfig } from '../../shared/config.ts';
import { settingsRead } from '../infra/settings-read.ts';
import { at, list, type Manifests, ofKind, quantity, texts } from './manifests.ts';
import { type Workload, workload, workloadsOf } from './pods.ts';

/** Answers what is wrong, empty when it is right. */
export type ManifestExpectation = (manifests: Manifests) => string[];

/** Set only where somebody wants it: an empty one is refused. */
const OPTIONAL = ['PILOTLIGHT_BATCH_URL_HOSTS'];

/** Of the platform, where it is the one that checks who signs in: not here. */
const OF_THE_PLATFORM = /^WEBSITE_/;

/** What the host and Node take of an instance's memory, beside what the settings give away. */
const BASE_BYTES = 500_000_000;

/** Every setting that `shared/config.ts` reads is given, none that it doesn't, and it takes them. */
export const settings: ManifestExpectation = (manifests) =>
  workloadsOf(manifests).flatMap(({ deployment, environment }) => {
    const read = [...settingsRead()].filter(
      (name) => !OPTIONAL.includes(name) && !OF_THE_PLATFORM.test(name),
    );
    const given = [...environment.keys()].filter((name) =>
      /^(PILOTLIGHT|APPLICATIONINSIGHTS)_/.test(name),
    );
    const wrong = [
      ...read.filter((name) => !environment.has(name)).map((name) => `${name} is not set`),
      ...given
        .filter((name) => !read.includes(name) && !OPTIONAL.includes(name))
        .map((name) => `${name} is set, and nothing reads it`),
      ...NEEDED_BY_THE_HOST.filter((name) => !environment.has(name)).map(
        (name) => `${name} is not set`,
      ),
      ...refused(environment),
    ];
    return wrong.map((what) => `${deployment.title}: ${what}`);
  });

/** Without its id, each instance has locks, a timer's turn and keys of its own. */
const NEEDED_BY_THE_HOST = [
  'AzureFunctionsWebHost__hostid',
  'AzureWebJobsSecretStorageType',
  'AzureWebJobsStorage__blobServiceUri',
  'AzureWebJobsStorage__queueServiceUri',
  'AzureWebJobsStorage__tableServiceUri',
];

function refused(environment: Workload['environment']): string[] {
  try {
    const { storage, cosmos, telemetry } = parseConfig(Object.fromEntries(environment));
    return [
      ...(storage.kind === 'identity' ? [] : ['storage is reached by a key']),
      ...(cosmos.kind === 'identity' ? [] : ['the database is reached by a key']),
      ...(telemetry?.identity?.clientId ? [] : ['telemetry is not sent by identity']),
    ];
  } catch (error) {
    return [String(error)];
  }
}

/** Nothing that must stay secret stands in a file. */
export const secrets: ManifestExpectation = (manifests) => [
  ...ofKind(manifests, 'Secret').map(({ title }) => `${title} is in a file`),
  ...[...manifests]
    .filter(([, text]) => /AccountKey=|sig=|BEGIN [A-Z ]*PRIVATE|password|clientSecret/i.test(text))
    .map(([file]) => `${file} holds a secret`),
];

/** Which functions each Deployment has: everything that answers, takes messages or ticks, once. */
export const division: ManifestExpectation = (manifests) => {
  const parts = new Map(
    ['http', 'workers', 'clock'].map((part) => [
      part,
      allowed(workload(manifests, `pilotlight-${part}`).environment),
    ]),
  );
  const wrong: string[] = [];
  for (const one of functions) {
    const home = { http: 'http', warmup: 'http', queue: 'workers', timer: 'clock', blob: 'none' }[
      one.kind
    ];
    const everywhere = one.kind === 'http' && one.access === 'anonymous';
    for (const [part, names] of parts) {
      const wanted = everywhere || part === home;
      if (names.includes(one.name) !== wanted) {
        wrong.push(`${part} ${wanted ? 'lacks' : 'must not have'} ${one.name}`);
      }
    }
  }
  const known = functions.map(({ name }) => name);
  for (const [part, names] of parts) {
    const strangers = names.filter((name) => !known.includes(name));
    wrong.push(...strangers.map((name) => `${part} names ${name}, which is no function`));
  }
  const clock = workload(manifests, 'pilotlight-clock').deployment;
  if (clock.get('spec', 'replicas') !== 1) wrong.push('the clock is not one');
  if (clock.get('spec', 'strategy', 'type') !== 'Recreate') wrong.push('the clock may be two');
  return wrong;
};

/** The host's list, which must have no gap. */
function allowed(environment: Workload['environment']): string[] {
  const prefix = 'AzureFunctionsJobHost__functions__';
  const given = [...environment.keys()].filter((name) => name.startsWith(prefix));
  return given.map((_, index) => environment.get(`${prefix}${index}`) ?? 'a gap');
}

/** What the settings give away fits into the instance. */
export const room: ManifestExpectation = (manifests) =>
  workloadsOf(manifests).flatMap(({ deployment, pod, container, environment }) => {
    const wrong: string[] = [];
    for (const kind of ['requests', 'limits']) {
      for (const what of ['cpu', 'memory', 'ephemeral-storage']) {
        if (at(container, 'resources', kind, what) === undefined) {
          wrong.push(`${kind} name no ${what}`);
        }
      }
    }
    if (wrong.length > 0) return wrong.map((what) => `${deployment.title}: ${what}`);
    const limit = (what: string): number => quantity(at(container, 'resources', 'limits', what));
    const sum = (...names: string[]): number =>
      names.reduce((total, name) => total + Number(environment.get(`PILOTLIGHT_${name}_BYTES`)), 0);
    const disk = quantity(at(list(at(pod, 'volumes'))[0], 'emptyDir', 'sizeLimit'));
    if (disk > limit('ephemeral-storage')) wrong.push('its folder is larger than its disk');
    // The clock loads no model and takes no body.
    if (deployment.name !== 'pilotlight-clock') {
      const memory = BASE_BYTES + sum('MODEL_CACHE', 'MAX_QUEUED', 'INSPECTION_MEMORY');
      if (memory > limit('memory')) wrong.push(`may take ${memory} bytes of memory`);
      const files = sum('DISK_CACHE', 'PREPARED_CACHE', 'MAX_SPOOL');
      if (files > disk) wrong.push(`may take ${files} bytes of disk`);
    }
    const folder = environment.get('PILOTLIGHT_SCRATCH_DIR') ?? '';
    const mounts = list(at(container, 'volumeMounts')).map((one) => String(at(one, 'mountPath')));
    if (!mounts.some((path) => folder.startsWith(`${path}/`))) {
      wrong.push(`${folder} is not in a volume`);
    }
    return wrong.map((what) => `${deployment.title}: ${what}`);
  });

/** Who is to go may end what it does. */
export const grace: ManifestExpectation = (manifests) => {
  const wrong: string[] = [];
  for (const [part, names] of [
    ['http', ['REQUEST_TIMEOUT']],
    ['workers', ['INSPECTION_TIMEOUT', 'EVALUATION_TIMEOUT']],
  ] as const) {
    const { pod, container, environment } = workload(manifests, `pilotlight-${part}`);
    const pause = Number(at(container, 'lifecycle', 'preStop', 'sleep', 'seconds') ?? 0);
    if (part === 'http' && pause < 5) wrong.push('http ends while requests are still sent there');
    const needed = names.reduce(
      (total, name) => total + Number(environment.get(`PILOTLIGHT_${name}_MS`)) / 1000,
      pause,
    );
    const given = Number(at(pod, 'terminationGracePeriodSeconds') ?? 30);
    if (given < needed) wrong.push(`${part} has ${given} s to end, and may need ${needed}`);
  }
  return wrong;
};

/** The texts of a ConfigMap are texts: a number or a truth value is refused by the cluster. */
export const strings: ManifestExpectation = (manifests) =>
  ofKind(manifests, 'ConfigMap').flatMap((map) => {
    const data = map.get('data') ?? {};
    const given = texts(data);
    return Object.keys(data)
      .filter((name) => !given.has(name))
      .map((name) => `${map.title}: ${name} is no text`);
  });
