import type { BlobItem, BlobServiceClient } from '@azure/storage-blob';
import type { QueueServiceClient } from '@azure/storage-queue';
import { tellMessage } from '../functions/told.ts';
import type { BlobFunction } from '../functions/trigger.ts';
import { codeOf } from '../shared/adapters/azure/storage-failure.ts';
import type { App } from '../shared/compose.ts';
import { type BlobPath, parseBlobPath } from './blob-path.ts';
import type { BlobReceipts, Turn } from './blob-receipts.ts';
import { firstLineOf } from './first-line.ts';
import type { Log } from './invocation.ts';
import { Pause } from './pause.ts';
import { Renewal } from './renewal.ts';
import type { TriggerRunner } from './trigger-runner.ts';

const POLL_MS = 1_000;
const MAX_TRIES = 5;
const POISON_QUEUE = 'webjobs-blobtrigger-poison';
// What has been seen handled needs no second look; beyond this many the receipts are asked again.
const MAX_REMEMBERED = 50_000;

interface BlobListenerSettings {
  readonly definition: BlobFunction;
  readonly app: App;
  readonly blobs: BlobServiceClient;
  readonly queues: QueueServiceClient;
  readonly receipts: BlobReceipts;
  readonly lockMs: number;
  /** How long a blob whose handling failed rests. */
  readonly retryMs: number;
  readonly runner: TriggerRunner;
  readonly log: Log;
}

/** Tells a function of blobs that appear or change, each state of one until it succeeds once. */
export class BlobListener {
  readonly #settings: BlobListenerSettings;
  readonly #path: BlobPath;
  readonly #pause = new Pause();
  readonly #done = new Set<string>();
  readonly #stopping = new AbortController();
  #polling: Promise<void> = Promise.resolve();

  constructor(settings: BlobListenerSettings) {
    this.#settings = settings;
    this.#path = parseBlobPath(settings.definition.path);
  }

  start(): void {
    this.#polling = this.#poll();
  }

  /** Begins with no further blob, and resolves when the one in flight has been handled. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#pause.cut();
    await this.#polling;
  }

  #hasStopped(): boolean {
    return this.#stopping.signal.aborted;
  }

  async #poll(): Promise<void> {
    const { definition, receipts, log } = this.#settings;
    let failing = false;
    let prepared = false;
    while (!this.#hasStopped()) {
      try {
        if (!prepared) await receipts.prepare();
        prepared = true;
        await this.#look();
        failing = false;
      } catch (error) {
        if (!failing && codeOf(error) !== 'ContainerNotFound') {
          log(`warning: blobs ${definition.path}: ${firstLineOf(error)}`);
        }
        failing = true;
      }
      if (!this.#hasStopped()) await this.#pause.wait(POLL_MS);
    }
  }

  async #look(): Promise<void> {
    const { blobs } = this.#settings;
    const container = blobs.getContainerClient(this.#path.container);
    const listed = container.listBlobsFlat({ prefix: this.#path.prefix, includeMetadata: true });
    for await (const blob of listed) {
      if (this.#hasStopped()) return;
      const params = this.#path.match(blob.name);
      if (params) await this.#see(blob, params);
    }
  }

  async #see(blob: BlobItem, params: Readonly<Record<string, string>>): Promise<void> {
    const { definition, receipts } = this.#settings;
    const { etag } = blob.properties;
    const key = `${blob.name}\n${etag}`;
    if (this.#done.has(key)) return;
    const turn = await receipts.take({
      functionName: definition.name,
      container: this.#path.container,
      name: blob.name,
      etag,
    });
    if (turn === 'later') return;
    if (turn === 'done' || (await this.#handle(blob, params, turn))) this.#remember(key);
  }

  /** True when this state of the blob is done with, for good or for bad. */
  async #handle(
    blob: BlobItem,
    params: Readonly<Record<string, string>>,
    turn: Turn,
  ): Promise<boolean> {
    const { definition, app, runner, lockMs, retryMs, log } = this.#settings;
    const { container } = this.#path;
    const { etag } = blob.properties;
    const whole = `${container}/${blob.name}`;
    let succeeded = false;
    // Beyond the last try only crashes come.
    if (turn.tries <= MAX_TRIES) {
      const renewal = new Renewal(
        lockMs,
        () => turn.renew(),
        (error) => {
          log(`warning: blob ${whole}: lock lost: ${firstLineOf(error)}`);
        },
      );
      succeeded = await runner.run(
        definition,
        { about: `${whole} try ${turn.tries}`, metadata: this.#metadataOf(blob, params) },
        (context) =>
          tellMessage(definition, app, context, (operation) => {
            const reference = { container, name: blob.name, etag: quotedTag(etag) };
            return definition.handler(app, reference, context, operation);
          }),
      );
      await renewal.stop();
    }
    if (!succeeded && turn.tries < MAX_TRIES) {
      await turn.release(retryMs);
      return false;
    }
    if (!succeeded) await this.#poison(blob);
    await turn.finish();
    return true;
  }

  async #poison(blob: BlobItem): Promise<void> {
    const { definition, queues, log } = this.#settings;
    const message = {
      Type: 'BlobTrigger',
      FunctionId: definition.name,
      BlobType: blob.properties.blobType,
      ContainerName: this.#path.container,
      BlobName: blob.name,
      ETag: quotedTag(blob.properties.etag),
    };
    const text = Buffer.from(JSON.stringify(message)).toString('base64');
    const queue = queues.getQueueClient(POISON_QUEUE);
    await queue.createIfNotExists();
    await queue.sendMessage(text, { messageTimeToLive: -1 });
    log(`warning: blob ${this.#path.container}/${blob.name}: given up, see queue ${POISON_QUEUE}`);
  }

  #metadataOf(blob: BlobItem, params: Readonly<Record<string, string>>): Record<string, unknown> {
    const { container } = this.#path;
    const { properties } = blob;
    return {
      ...params,
      blobTrigger: `${container}/${blob.name}`,
      uri: this.#settings.blobs.getContainerClient(container).getBlobClient(blob.name).url,
      properties: {
        eTag: quotedTag(properties.etag),
        contentLength: properties.contentLength,
        contentType: properties.contentType,
        lastModified: properties.lastModified.toISOString(),
      },
      metadata: blob.metadata ?? {},
    };
  }

  #remember(key: string): void {
    if (this.#done.size >= MAX_REMEMBERED) this.#done.clear();
    this.#done.add(key);
  }
}

/** Lists give the ETag without its quotes, everything else with them. */
function quotedTag(etag: string): string {
  return etag.startsWith('"') ? etag : `"${etag}"`;
}
