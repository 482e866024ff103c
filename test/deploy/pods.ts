import { at, list, type Manifest, type Manifests, ofKind, quantity, texts } from './manifests.ts';

/** A Deployment with its one container. */
export interface Workload {
  readonly deployment: Manifest;
  readonly pod: unknown;
  readonly container: unknown;
  /** All that it finds in its environment. */
  readonly environment: ReadonlyMap<string, string>;
}

/** @throws Error where a Deployment has not one container */
export function workloadsOf(manifests: Manifests): Workload[] {
  return ofKind(manifests, 'Deployment').map((deployment) => {
    const pod = deployment.get('spec', 'template', 'spec');
    const containers = list(at(pod, 'containers'));
    if (containers.length !== 1) throw new Error(`${deployment.title}: expected one container`);
    const [container] = containers;
    return { deployment, pod, container, environment: environmentOf(manifests, container) };
  });
}

export function workload(manifests: Manifests, name: string): Workload {
  const found = workloadsOf(manifests).find(({ deployment }) => deployment.name === name);
  if (!found) throw new Error(`there is no Deployment ${name}`);
  return found;
}

function environmentOf(manifests: Manifests, container: unknown): Map<string, string> {
  const maps = ofKind(manifests, 'ConfigMap');
  const environment = new Map<string, string>();
  const give = (name: string, value: string): void => {
    if (environment.has(name)) throw new Error(`${name} is given twice`);
    environment.set(name, value);
  };
  for (const source of list(at(container, 'envFrom'))) {
    const wanted = at(source, 'configMapRef', 'name');
    const map = maps.find(({ name }) => name === wanted);
    if (!map) throw new Error(`there is no ConfigMap ${String(wanted)}`);
    for (const [name, value] of texts(map.get('data'))) give(name, value);
  }
  for (const one of list(at(container, 'env'))) {
    const limit = at(one, 'valueFrom', 'resourceFieldRef', 'resource');
    // Whole cores, as the cluster rounds them up.
    const value =
      typeof limit === 'string'
        ? Math.ceil(quantity(at(container, 'resources', ...limit.split('.'))))
        : at(one, 'value');
    give(String(at(one, 'name')), String(value));
  }
  return environment;
}
