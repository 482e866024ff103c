import { functions } from '../../functions/index.ts';
import { at, list, type Manifest, type Manifests, ofKind } from './manifests.ts';
import type { ManifestExpectation } from './settings.ts';

/** Fields without which a scaler does nothing, as KEDA's reference has them. */
const REQUIRED: Readonly<Record<string, readonly string[]>> = {
  'azure-queue': ['accountName', 'queueName', 'queueLength'],
  'external-push': ['scalerAddress', 'interceptorRoute'],
};

/** What scales is there, has what its scaler needs, and follows every queue. */
export function scaling({ batchSize }: { batchSize: number }): ManifestExpectation {
  return (manifests) => {
    const scaled = ofKind(manifests, 'ScaledObject');
    const triggers = scaled.flatMap((one) => list(one.get('spec', 'triggers')));
    return [
      ...scaled.flatMap((one) => targeted(manifests, one)),
      ...scaled.flatMap((one) => triggered(manifests, one)),
      ...missingQueues(triggers, batchSize),
      ...(scaled.some((one) => one.name === 'pilotlight-http') ? [] : ['nothing scales http']),
    ];
  };
}

function targeted(manifests: Manifests, one: Manifest): string[] {
  const name = one.get('spec', 'scaleTargetRef', 'name');
  const target = ofKind(manifests, 'Deployment').find((deployment) => deployment.name === name);
  if (!target) return [`${one.title}: there is no Deployment ${String(name)}`];
  const wrong: string[] = [];
  // Applying the files again would undo what was scaled.
  if (target.get('spec', 'replicas') !== undefined)
    wrong.push('its target has a number of its own');
  const least = one.get('spec', 'minReplicaCount');
  const most = Number(one.get('spec', 'maxReplicaCount'));
  if (least !== 0) wrong.push('costs something while nothing is to do');
  if (!(most > 1)) wrong.push('does not scale');
  return wrong.map((what) => `${one.title}: ${what}`);
}

function triggered(manifests: Manifests, one: Manifest): string[] {
  return list(one.get('spec', 'triggers')).flatMap((trigger) => {
    const type = String(at(trigger, 'type'));
    const wrong: string[] = [];
    const required = REQUIRED[type];
    if (!required) wrong.push(`${type} is not known here`);
    for (const name of required ?? []) {
      if (typeof at(trigger, 'metadata', name) !== 'string') wrong.push(`${type} lacks ${name}`);
    }
    if (type === 'azure-queue') {
      const wanted = at(trigger, 'authenticationRef', 'name');
      const found = ofKind(manifests, 'TriggerAuthentication').find(({ name }) => name === wanted);
      if (found?.get('spec', 'podIdentity', 'provider') !== 'azure-workload') {
        wrong.push('a queue is not read by identity');
      }
      // Else who works at a message is taken away.
      if (at(trigger, 'metadata', 'queueLengthStrategy') !== 'all') {
        wrong.push('messages that are worked at do not count');
      }
    }
    if (type === 'external-push') {
      const wanted = at(trigger, 'metadata', 'interceptorRoute');
      const route = ofKind(manifests, 'InterceptorRoute').find(({ name }) => name === wanted);
      if (!(Number(route?.get('spec', 'scalingMetric', 'concurrency', 'targetValue')) >= 1)) {
        wrong.push(`there is no route ${String(wanted)} that counts`);
      }
    }
    return wrong.map((what) => `${one.title}: ${what}`);
  });
}

function missingQueues(triggers: readonly unknown[], batchSize: number): string[] {
  const lengths = new Map(
    triggers.map((one) => [at(one, 'metadata', 'queueName'), at(one, 'metadata', 'queueLength')]),
  );
  return functions.flatMap((one) => {
    if (one.kind !== 'queue') return [];
    if (!lengths.has(one.queue)) return [`nothing scales on ${one.queue}`];
    const isPoison = one.queue.endsWith('-poison');
    return isPoison || lengths.get(one.queue) === String(batchSize)
      ? []
      : [`${one.queue}: an instance takes ${batchSize} at a time`];
  });
}
