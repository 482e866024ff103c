import { functions } from '../../functions/index.ts';
import { all, parseDockerfile } from './dockerfile.ts';
import { portOf } from './image.ts';
import {
  at,
  documentsOf,
  kustomizationOf,
  list,
  type Manifest,
  type Manifests,
  ofKind,
  texts,
} from './manifests.ts';
import { type Workload, workloadsOf } from './pods.ts';
import type { ManifestExpectation } from './settings.ts';

/** What the image is like, as the Dockerfile says. */
export interface Image {
  readonly port: number;
  /** `uid:gid`. */
  readonly user: string;
  /** Of package.json. */
  readonly version: string;
}

/** @throws Error when the last stage, which is built by default, is not for the Functions host */
export function imageOf(dockerfile: string, manifest: string): Image {
  const stage = parseDockerfile(dockerfile).at(-1);
  if (stage?.name !== 'functions') throw new Error('the image is not for the Functions host');
  const { version } = JSON.parse(manifest) as { version: string };
  return { port: Number(portOf(stage)), user: all(stage, 'USER').join(), version };
}

/** Ports and paths lead to what is there. */
export function reach(image: Image): ManifestExpectation {
  return (manifests) => [
    ...workloadsOf(manifests).flatMap((one) => probed(one, image)),
    ...ofKind(manifests, 'Service').flatMap((service) => {
      if (service.get('spec', 'type') === 'ExternalName') return [];
      const [port] = list(service.get('spec', 'ports'));
      return at(port, 'targetPort') === 'http' ? [] : [`${service.title} leads to no port`];
    }),
    ...ofKind(manifests, 'NetworkPolicy').flatMap((policy) =>
      list(policy.get('spec', 'ingress'))
        .flatMap((rule) => list(at(rule, 'ports')))
        .filter((one) => at(one, 'port') !== image.port)
        .map((one) => `${policy.title} opens ${String(at(one, 'port'))}`),
    ),
    ...ofKind(manifests, 'InterceptorRoute').flatMap((route) => {
      const wanted = route.get('spec', 'target', 'service');
      const service = ofKind(manifests, 'Service').find(({ name }) => name === wanted);
      const ports = list(service?.get('spec', 'ports')).map((one) => at(one, 'port'));
      return ports.includes(route.get('spec', 'target', 'port'))
        ? []
        : [`${route.title} leads to no service`];
    }),
  ];
}

function probed({ deployment, container }: Workload, image: Image): string[] {
  const wrong: string[] = [];
  const ports = list(at(container, 'ports'));
  if (at(ports[0], 'containerPort') !== image.port) wrong.push(`does not listen on ${image.port}`);
  for (const [probe, name] of [
    ['startupProbe', 'health-live'],
    ['livenessProbe', 'health-live'],
    ['readinessProbe', 'health-ready'],
  ] as const) {
    const found = functions.find((one) => one.name === name);
    const route = found?.kind === 'http' ? `/${found.route}` : undefined;
    const asked = at(container, probe, 'httpGet');
    if (at(asked, 'path') !== route) wrong.push(`${probe} asks ${String(at(asked, 'path'))}`);
    if (at(asked, 'port') !== at(ports[0], 'name')) wrong.push(`${probe} asks another port`);
  }
  return wrong.map((what) => `${deployment.title}: ${what}`);
}

/** Selectors find the pods that they mean. */
export const selected: ManifestExpectation = (manifests) => {
  const pods = workloadsOf(manifests).map(({ deployment }) => ({
    deployment,
    labels: texts(deployment.get('spec', 'template', 'metadata', 'labels')),
  }));
  const finds = (one: Manifest, path: string): string[] => {
    const wanted = texts(one.get(...path.split('.')));
    const found = pods.filter(({ labels }) =>
      [...wanted].every(([name, value]) => labels.get(name) === value),
    );
    return wanted.size > 0 ? found.map(({ deployment }) => deployment.name) : [];
  };
  const wrong: string[] = [];
  for (const one of documentsOf(manifests)) {
    if (one.kind === 'Deployment') {
      const found = finds(one, 'spec.selector.matchLabels');
      if (found.join() !== one.name) wrong.push(`${one.title} takes ${found.join() || 'nothing'}`);
    } else if (one.kind === 'PodDisruptionBudget') {
      if (finds(one, 'spec.selector.matchLabels').join() !== one.name) wrong.push(one.title);
    } else if (one.kind === 'NetworkPolicy') {
      const found = finds(one, 'spec.podSelector.matchLabels');
      const wanted =
        one.name === 'pilotlight' ? pods.map((pod) => pod.deployment.name) : [one.name];
      if (found.join() !== wanted.join()) wrong.push(`${one.title} is for ${found.join()}`);
    } else if (one.kind === 'Service' && one.get('spec', 'type') !== 'ExternalName') {
      if (finds(one, 'spec.selector').join() !== one.name) wrong.push(one.title);
    }
  }
  return wrong;
};

/** No pod may more than it must. */
export function confined(image: Image): ManifestExpectation {
  const [uid, gid] = image.user.split(':').map(Number);
  const POD = [
    ['serviceAccountName', 'pilotlight'],
    ['automountServiceAccountToken', false],
    ['securityContext.runAsNonRoot', true],
    ['securityContext.runAsUser', uid],
    ['securityContext.runAsGroup', gid],
    ['securityContext.fsGroup', gid],
    ['securityContext.seccompProfile.type', 'RuntimeDefault'],
  ] as const;
  const CONTAINER = [
    ['securityContext.allowPrivilegeEscalation', false],
    ['securityContext.capabilities.drop.0', 'ALL'],
  ] as const;
  return (manifests) => [
    ...workloadsOf(manifests).flatMap(({ deployment, pod, container }) => {
      const label = deployment.get('spec', 'template', 'metadata', 'labels');
      return [
        ...POD.filter(([path, value]) => at(pod, ...path.split('.')) !== value),
        ...CONTAINER.filter(([path, value]) => at(container, ...path.split('.')) !== value),
        ...(at(label, 'azure.workload.identity/use') === 'true' ? [] : [['the identity', 'used']]),
      ].map(([path, value]) => `${deployment.title}: ${path} is not ${String(value)}`);
    }),
    ...ofKind(manifests, 'NetworkPolicy').flatMap((policy) => {
      const out = list(policy.get('spec', 'egress')).flatMap((rule) => list(at(rule, 'to')));
      const open = out.filter(
        (to) =>
          at(to, 'ipBlock', 'cidr') === '0.0.0.0/0' &&
          !list(at(to, 'ipBlock', 'except')).includes('169.254.0.0/16'),
      );
      return open.map(() => `${policy.title} lets the node's identity be had`);
    }),
    ...(ofKind(manifests, 'NetworkPolicy').some(
      (one) =>
        one.name === 'pilotlight' &&
        list(one.get('spec', 'policyTypes')).length === 2 &&
        list(one.get('spec', 'ingress')).length === 0,
    )
      ? []
      : ['anybody may reach the pods']),
  ];
}

/** The image has a version, the same in all places. */
export function versioned({ version }: Image): ManifestExpectation {
  return (manifests) => {
    const [image] = list(at(kustomizationOf(manifests), 'images'));
    const wanted = `${String(at(image, 'name'))}:${String(at(image, 'newTag'))}`;
    return [
      ...(at(image, 'newTag') === version ? [] : [`the image is not of version ${version}`]),
      ...workloadsOf(manifests)
        .filter(({ container }) => at(container, 'image') !== wanted)
        .map(({ deployment }) => `${deployment.title}: its image is not ${wanted}`),
    ];
  };
}

/** Every file is applied, and each replacement finds what it replaces. */
export const kustomized: ManifestExpectation = (manifests) => {
  const kustomization = kustomizationOf(manifests);
  const listed = list(at(kustomization, 'resources')).map(String);
  const files = [...manifests.keys()].filter((name) => name !== 'kustomization.yaml');
  const wrong = [
    ...files.filter((file) => !listed.includes(file)).map((file) => `${file} is not applied`),
    ...listed.filter((file) => !files.includes(file)).map((file) => `there is no ${file}`),
  ];
  for (const replacement of list(at(kustomization, 'replacements'))) {
    const source = at(replacement, 'source');
    const value = found(manifests, source, String(at(source, 'fieldPath')));
    if (value.length !== 1) wrong.push(`${String(at(source, 'fieldPath'))} is not there`);
    for (const target of list(at(replacement, 'targets'))) {
      for (const path of list(at(target, 'fieldPaths')).map(String)) {
        const now = found(manifests, at(target, 'select'), path);
        if (now.length === 0 || now.includes(undefined)) wrong.push(`${path} is not there`);
        // So that what stands in the files is true of one deployment, be it an example.
        if (now.some((one) => one !== value[0])) wrong.push(`${path} is not as in its source`);
      }
    }
  }
  return wrong;
};

/** What stands at a kustomize path; `*` is each of a list, `[…]` a name with dots. */
function found(manifests: Manifests, select: unknown, path: string): unknown[] {
  const steps = [...path.matchAll(/\[([^\]]+)\]|[^.]+/g)].map(([whole, quoted]) => quoted ?? whole);
  const document = ofKind(manifests, String(at(select, 'kind'))).find(
    ({ name }) => name === at(select, 'name'),
  );
  return steps.reduce<unknown[]>(
    (values, step) =>
      values.flatMap((value) => (step === '*' ? [...list(value)] : [at(value, step)])),
    document ? [document.get()] : [],
  );
}
