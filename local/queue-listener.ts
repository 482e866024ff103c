import type { DequeuedMessageItem, QueueClient, QueueServiceClient } from '@azure/storage-queue';
import { tellMessage } from '../functions/told.ts';
import type { QueueFunction } from '../functions/trigger.ts';
import { codeOf } from '../shared/adapters/azure/storage-failure.ts';
import type { App } from '../shared/compose.ts';
import { firstLineOf } from './first-line.ts';
import type { QueueSettings } from './host-json.ts';
import type { Log } from './invocation.ts';
import { Pause } from './pause.ts';
import { decodeMessage, parseMessage } from './queue-message.ts';
import { Renewal } from './renewal.ts';
import type { TriggerRunner } from './trigger-runner.ts';

const BUSY_POLL_MS = 50;
// On a machine of one's own a message is not to wait as long as host.json lets it.
const MAX_IDLE_POLL_MS = 500;
/** How long a stop waits for an answer that may bring messages. */
const LAST_RECEIVE_MS = 2_000;
/** Seconds; Azure's word for a message that never expires. */
const NEVER = -1;

interface QueueListenerSettings {
  readonly definition: QueueFunction;
  readonly app: App;
  readonly service: QueueServiceClient;
  readonly queues: QueueSettings;
  /** How long a message is hidden while it is handled; renewed as long as that lasts. */
  readonly lockMs: number;
  readonly runner: TriggerRunner;
  readonly log: Log;
}

/** Hands a queue's messages to its function as the Functions host does: at least once. */
export class QueueListener {
  readonly #settings: QueueListenerSettings;
  readonly #queue: QueueClient;
  /** A poison queue has none of its own: what fails there comes again when its lock ends. */
  readonly #poison: QueueClient | undefined;
  readonly #inFlight = new Set<Promise<void>>();
  readonly #pause = new Pause();
  readonly #receiving = new AbortController();
  #stopped = false;
  #polling: Promise<void> = Promise.resolve();

  constructor(settings: QueueListenerSettings) {
    this.#settings = settings;
    const { queue } = settings.definition;
    this.#queue = settings.service.getQueueClient(queue);
    this.#poison = queue.endsWith('-poison')
      ? undefined
      : settings.service.getQueueClient(`${queue}-poison`);
  }

  start(): void {
    this.#polling = this.#poll();
  }

  /** Looks for messages now, and often for a while: some are likely to have been sent. */
  wake(): void {
    this.#pause.cut();
  }

  /** Takes no more messages, and resolves when those in flight have been handled. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#pause.cut();
    const late = setTimeout(() => {
      this.#receiving.abort();
    }, LAST_RECEIVE_MS);
    await this.#polling;
    clearTimeout(late);
    await Promise.all(this.#inFlight);
  }

  #hasStopped(): boolean {
    return this.#stopped;
  }

  async #poll(): Promise<void> {
    const { queues, log, definition } = this.#settings;
    const mostMs = Math.max(BUSY_POLL_MS, Math.min(queues.maxPollingIntervalMs, MAX_IDLE_POLL_MS));
    let pauseMs = BUSY_POLL_MS;
    let failing = false;
    while (!this.#hasStopped()) {
      if (this.#inFlight.size > queues.newBatchThreshold) {
        await Promise.race(this.#inFlight);
        continue;
      }
      let messages: DequeuedMessageItem[] = [];
      try {
        messages = await this.#receive();
        failing = false;
      } catch (error) {
        if (this.#hasStopped()) break;
        if (!failing) log(`warning: queue ${definition.queue}: ${firstLineOf(error)}`);
        failing = true;
        pauseMs = mostMs;
      }
      if (this.#hasStopped()) {
        await this.#leave(messages);
        break;
      }
      for (const message of messages) this.#take(message);
      if (messages.length > 0) {
        pauseMs = BUSY_POLL_MS;
        continue;
      }
      const cut = await this.#pause.wait(pauseMs);
      pauseMs = cut ? BUSY_POLL_MS : Math.min(pauseMs * 1.5, mostMs);
    }
  }

  async #receive(): Promise<DequeuedMessageItem[]> {
    try {
      const { receivedMessageItems } = await this.#queue.receiveMessages({
        numberOfMessages: this.#settings.queues.batchSize,
        visibilityTimeout: this.#lockSeconds,
        abortSignal: this.#receiving.signal,
      });
      return receivedMessageItems;
    } catch (error) {
      if (codeOf(error) === 'QueueNotFound') return [];
      throw error;
    }
  }

  /** What came after the stop is there for the next host at once. */
  async #leave(messages: readonly DequeuedMessageItem[]): Promise<void> {
    const left = messages.map(({ messageId, popReceipt }) =>
      this.#queue.updateMessage(messageId, popReceipt, undefined, 0),
    );
    await Promise.allSettled(left);
  }

  #take(message: DequeuedMessageItem): void {
    const handled = this.#handle(message)
      .catch((error: unknown) => {
        // It comes again when its lock ends.
        const { queue } = this.#settings.definition;
        this.#settings.log(
          `warning: queue ${queue}: message ${message.messageId}: ${firstLineOf(error)}`,
        );
      })
      .finally(() => {
        this.#inFlight.delete(handled);
      });
    this.#inFlight.add(handled);
  }

  async #handle(message: DequeuedMessageItem): Promise<void> {
    const { definition, app, queues, lockMs, runner, log } = this.#settings;
    const { messageId, dequeueCount } = message;
    const text = decodeMessage(message.messageText, queues.messageEncoding);
    if (text === undefined) {
      log(
        `warning: queue ${definition.queue}: message ${messageId} is not ${queues.messageEncoding}`,
      );
      await this.#giveUp(message, message.popReceipt);
      return;
    }
    // Its last try was cut short by a crash.
    if (this.#poison && dequeueCount > queues.maxDequeueCount) {
      await this.#giveUp(message, message.popReceipt);
      return;
    }
    let { popReceipt } = message;
    const renewal = new Renewal(
      lockMs,
      async () => {
        const renewed = await this.#queue.updateMessage(
          messageId,
          popReceipt,
          undefined,
          this.#lockSeconds,
        );
        popReceipt = renewed.popReceipt ?? popReceipt;
      },
      (error) => {
        log(
          `warning: queue ${definition.queue}: message ${messageId}: lock lost: ${firstLineOf(error)}`,
        );
      },
    );
    const done = await runner.run(
      definition,
      { about: `try ${dequeueCount}`, metadata: metadataOf(message, text) },
      (context) =>
        tellMessage(definition, app, context, (operation) =>
          definition.handler(app, parseMessage(text), context, operation),
        ),
    );
    await renewal.stop();
    if (done) await this.#delete(message, popReceipt);
    else if (dequeueCount >= queues.maxDequeueCount) await this.#giveUp(message, popReceipt);
    else if (this.#poison) await this.#release(message, popReceipt);
  }

  async #release({ messageId }: DequeuedMessageItem, popReceipt: string): Promise<void> {
    const seconds = Math.ceil(this.#settings.queues.visibilityTimeoutMs / 1000);
    await this.#queue.updateMessage(messageId, popReceipt, undefined, seconds);
  }

  async #giveUp(message: DequeuedMessageItem, popReceipt: string): Promise<void> {
    if (!this.#poison) return;
    const options = { messageTimeToLive: NEVER };
    try {
      await this.#poison.sendMessage(message.messageText, options);
    } catch (error) {
      if (codeOf(error) !== 'QueueNotFound') throw error;
      await this.#poison.createIfNotExists();
      await this.#poison.sendMessage(message.messageText, options);
    }
    this.#settings.log(
      `warning: queue ${this.#settings.definition.queue}: message ${message.messageId} moved to ${this.#poison.name}`,
    );
    await this.#delete(message, popReceipt);
  }

  async #delete({ messageId }: DequeuedMessageItem, popReceipt: string): Promise<void> {
    try {
      await this.#queue.deleteMessage(messageId, popReceipt);
    } catch (error) {
      // Someone else has it by now, or has done with it.
      const code = codeOf(error);
      if (code !== 'MessageNotFound' && code !== 'PopReceiptMismatch') throw error;
    }
  }

  get #lockSeconds(): number {
    return Math.max(1, Math.ceil(this.#settings.lockMs / 1000));
  }
}

function metadataOf(message: DequeuedMessageItem, text: string): Record<string, unknown> {
  return {
    queueTrigger: parseMessage(text),
    dequeueCount: message.dequeueCount,
    expirationTime: message.expiresOn.toISOString(),
    id: message.messageId,
    insertionTime: message.insertedOn.toISOString(),
    nextVisibleTime: message.nextVisibleOn.toISOString(),
    popReceipt: message.popReceipt,
  };
}
