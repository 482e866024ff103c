import { readFile } from 'node:fs/promises';
import { describe, expect, test } from '@jest/globals';
import { parseAllDocuments, type YAMLMap } from 'yaml';
import { functions } from '../../functions/index.ts';
import { chunkBytesFor } from '../../shared/batch/chunk-plan.ts';
import { parseConfig } from '../../shared/config.ts';
import { HELD_AT_MOST_MS } from './fleet.ts';
import { MAX_QUEUED_REQUESTS, REQUEST_TIMEOUT_MS } from './instance.ts';
import { STABILIZATION_MS } from './keda-scaler.ts';
import { CONTAINER_APPS, DEDICATED, FLEX, KUBERNETES, QUEUES, TIMERS_EVERY_MS } from './shipped.ts';
import { WORKLOADS } from './workloads.ts';

/** What is simulated as shipped is what ships: each value by the text in which it stands. */
async function numberIn(file: string, pattern: RegExp): Promise<number> {
  const found = pattern.exec(await readFile(file, 'utf8'))?.[1];
  if (found === undefined) throw new Error(`${file}: nothing like ${pattern}`);
  return Number(found);
}

test.each(Object.entries(FLEX))('infra/main.bicep: scale.%s is %p', async (name, value) => {
  expect(await numberIn('infra/main.bicep', new RegExp(`^  ${name}: (\\d+)$`, 'm'))).toBe(value);
});

test('host.json: the queues', async () => {
  const host = JSON.parse(await readFile('host.json', 'utf8')) as {
    extensions: { queues: Record<string, unknown> };
  };
  expect(host.extensions.queues).toMatchObject({
    batchSize: QUEUES.batchSize,
    newBatchThreshold: QUEUES.newBatchThreshold,
    maxPollingInterval: `00:00:0${QUEUES.maxPollingMs / 1_000}`,
  });
});

test('functions/index.ts: one timer, each minute', () => {
  expect(TIMERS_EVERY_MS).toEqual([60_000]);
  const schedules = functions.flatMap((each) => (each.kind === 'timer' ? [each.schedule] : []));
  expect(schedules).toEqual([expect.stringMatching(/^\d+ \* \* \* \* \*$/)]);
});

describe('deploy/kubernetes', () => {
  test('what scales', async () => {
    const text = await readFile('deploy/kubernetes/scaling.yaml', 'utf8');
    const documents = parseAllDocuments(text).map((each) => each.toJS() as Record<string, unknown>);
    const route = documents.find(({ kind }) => kind === 'InterceptorRoute');
    expect(route).toMatchObject({
      spec: { scalingMetric: { concurrency: { targetValue: KUBERNETES.http.target } } },
    });
    const scaled = documents.filter(({ kind }) => kind === 'ScaledObject');
    for (const each of scaled) {
      expect(each).toMatchObject({
        spec: {
          minReplicaCount: KUBERNETES.minimum,
          maxReplicaCount: KUBERNETES.maximum,
          cooldownPeriod: STABILIZATION_MS / 1_000,
          advanced: {
            horizontalPodAutoscalerConfig: {
              // Nothing else: steps out are Kubernetes' own.
              behavior: { scaleDown: { stabilizationWindowSeconds: STABILIZATION_MS / 1_000 } },
            },
          },
        },
      });
    }
    const workers = scaled.find(({ spec }) => 'pollingInterval' in (spec as object));
    expect(workers).toMatchObject({
      spec: {
        pollingInterval: KUBERNETES.pollingMs / 1_000,
        triggers: expect.arrayContaining([
          expect.objectContaining({
            name: 'batch-chunks',
            metadata: expect.objectContaining({
              queueLength: String(KUBERNETES.queueLength),
              queueLengthStrategy: 'all',
            }) as unknown,
          }),
        ]) as unknown,
      },
    });
  });

  test.each(['http', 'workers', 'clock'])('%s.yaml: the size of an instance', async (name) => {
    const text = await readFile(`deploy/kubernetes/${name}.yaml`, 'utf8');
    const deployment = parseAllDocuments(text).find((each) => each.get('kind') === 'Deployment');
    const path = ['spec', 'template', 'spec', 'containers', 0, 'resources', 'limits'];
    const { cpu, memory } = (deployment?.getIn(path) as YAMLMap).toJSON() as Record<string, string>;
    const { vcpus, memoryGib } = name === 'clock' ? KUBERNETES.clock : KUBERNETES;
    expect(cpu?.endsWith('m') ? Number.parseInt(cpu) / 1_000 : Number(cpu)).toBe(vcpus);
    expect(memory).toBe(`${memoryGib}Gi`);
  });
});

test('deploy/container-apps', async () => {
  const main = 'deploy/container-apps/main.bicep';
  expect(await numberIn(main, /^param httpConcurrency int = (\d+)$/m)).toBe(
    CONTAINER_APPS.http.target,
  );
  expect(await numberIn(main, /^param maximumInstances int = (\d+)$/m)).toBe(
    CONTAINER_APPS.maximum,
  );
  expect(await numberIn(main, /^param alwaysReadyHttp int = (\d+)$/m)).toBe(CONTAINER_APPS.minimum);
  expect(await numberIn(main, /^var large = \{ cpu: '([\d.]+)', memory: '4Gi' \}$/m)).toBe(
    CONTAINER_APPS.vcpus,
  );
  expect(await numberIn(main, /^var small = \{ cpu: '([\d.]+)', memory: '1Gi' \}$/m)).toBe(
    CONTAINER_APPS.clock.vcpus,
  );
  expect(await numberIn(main, /name: 'batch-chunks', length: '(\d+)'/)).toBe(
    CONTAINER_APPS.queueLength,
  );
  const polling = await numberIn('deploy/container-apps/app.bicep', /^ +pollingInterval: (\d+)$/m);
  expect(polling * 1_000).toBe(CONTAINER_APPS.pollingMs);
});

test('infra/autoscale.bicep, and the plan of infra/main.bicep', async () => {
  const { rules } = DEDICATED;
  const parameter = (name: string): Promise<number> =>
    numberIn(
      'infra/autoscale.bicep',
      new RegExp(`^param ${name} int = (?:scaleBySaturation \\? )?(\\d+)(?: : \\d+)?$`, 'm'),
    );
  const percent = async (name: string): Promise<number> => (await parameter(name)) / 100;
  expect(await percent('scaleOutSaturationPercent')).toBe(rules.out.saturation);
  expect(await percent('scaleOutCpuPercent')).toBe(rules.out.cpu);
  expect(await percent('scaleInCpuPercent')).toBe(rules.in.cpu);
  expect(await parameter('scaleOutChunks')).toBe(rules.out.chunks);
  const text = await readFile('infra/autoscale.bicep', 'utf8');
  const windows = [...text.matchAll(/timeWindow: 'PT(\d+)M'/g)].map(([, minutes]) =>
    Number(minutes),
  );
  const [out, less] = [rules.out.windowMinutes, rules.in.windowMinutes];
  expect(windows).toEqual([out, out, out, less]);
  const rests = [...text.matchAll(/cooldown: 'PT(\d+)M'/g)].map(([, minutes]) => Number(minutes));
  const [outRest, lessRest] = [rules.out.coolDownMinutes, rules.in.coolDownMinutes];
  expect(rests).toEqual([outRest, outRest, outRest, lessRest]);
  const dedicated =
    /^param dedicated .*sku: '(\w+)', minimumInstances: (\d+), maximumInstances: (\d+)/m.exec(
      await readFile('infra/main.bicep', 'utf8'),
    );
  const { sku, minimum, maximum } = DEDICATED;
  expect(dedicated?.slice(1)).toEqual([sku, String(minimum), String(maximum)]);
});

test('shared/config.ts: the bounds of an instance', () => {
  const config = parseConfig({ PILOTLIGHT_STORAGE: 'x', PILOTLIGHT_COSMOS: 'x' });
  expect(config.maxQueuedRequests).toBe(MAX_QUEUED_REQUESTS);
  expect(config.requestTimeoutMs).toBe(REQUEST_TIMEOUT_MS);
  expect(config.requestTimeoutMs).toBeLessThan(HELD_AT_MOST_MS);
});

test('shared/batch/chunk-plan.ts: a chunk of slow rows is 20 s of work', () => {
  const rowsPerSecond = 182;
  const rowBytes = 500;
  const bytes = chunkBytesFor({
    bytes: 1e9,
    firstByte: 0,
    rowBytes,
    rowsPerSecond,
    outputBytesPerRow: 20,
    maxChunkBytes: 16 << 20,
  });
  expect((bytes / rowBytes / rowsPerSecond) * 1_000).toBeCloseTo(WORKLOADS.text.chunkMs, -2);
});
