import type { BlobFunction, QueueFunction } from '../functions/trigger.ts';
import { blobService, queueService } from '../shared/adapters/azure/clients.ts';
import { BlobListener } from './blob-listener.ts';
import { BlobReceipts } from './blob-receipts.ts';
import type { HostOptions } from './host.ts';
import { QueueListener } from './queue-listener.ts';
import type { TriggerRunner } from './trigger-runner.ts';

// Watching queues and blobs, apart from serving HTTP: it brings the SDKs.

/** One listener for each queue function. */
export async function queueListeners(
  { functions, app, settings, lockMs, log }: HostOptions,
  runner: TriggerRunner,
): Promise<QueueListener[]> {
  const definitions = functions.filter((found): found is QueueFunction => found.kind === 'queue');
  if (definitions.length === 0) return [];
  const service = await queueService(app.config.storage);
  const { queues } = settings;
  return definitions.map(
    (definition) => new QueueListener({ definition, app, service, queues, lockMs, runner, log }),
  );
}

/** One listener for each blob function. */
export async function blobListeners(
  { functions, app, settings, lockMs, log }: HostOptions,
  runner: TriggerRunner,
): Promise<BlobListener[]> {
  const definitions = functions.filter((found): found is BlobFunction => found.kind === 'blob');
  if (definitions.length === 0) return [];
  const { storage } = app.config;
  const [blobs, queues] = await Promise.all([blobService(storage), queueService(storage)]);
  const receipts = new BlobReceipts(blobs, lockMs);
  const retryMs = settings.queues.visibilityTimeoutMs;
  return definitions.map(
    (definition) =>
      new BlobListener({ definition, app, blobs, queues, receipts, lockMs, retryMs, runner, log }),
  );
}
