import { QueueServiceClient } from '@azure/storage-queue';
import { functions } from '../../functions/index.ts';
import type { HttpResult } from './functions-core.ts';
import type { FunctionsProcess } from './functions-process.ts';

/** Does for a worker what the Functions host does: routes HTTP to it, and delivers messages. */
export class FunctionsClient {
  readonly #worker: FunctionsProcess;
  readonly #storage: string;

  /** `storage` is the connection string of the account that holds the queues. */
  constructor(worker: FunctionsProcess, storage: string) {
    this.#worker = worker;
    this.#storage = storage;
  }

  /** Calls the function that serves `method` on `route`, the parameters put in. */
  async call(
    method: string,
    route: string,
    request: {
      params?: Readonly<Record<string, string>>;
      headers?: Readonly<Record<string, string>>;
      body?: Uint8Array;
    } = {},
  ): Promise<HttpResult> {
    const found = functions.find(
      (one) => one.kind === 'http' && one.route === route && one.methods.some((m) => m === method),
    );
    if (!found) throw new Error(`no function serves ${method} ${route}`);
    const path = route.replace(/\{(\w+)\}/g, (_, name: string) => request.params?.[name] ?? '');
    const length = request.body && { 'content-length': String(request.body.byteLength) };
    const call = {
      method,
      url: `http://host/${path}`,
      ...request,
      headers: { ...length, ...request.headers },
    };
    return (await this.#worker.ask({ do: 'http', name: found.name, call })) as HttpResult;
  }

  /** Delivers what waits in a queue; answers how many messages that were. */
  async deliver(queue: string): Promise<number> {
    const found = functions.find((one) => one.kind === 'queue' && one.queue === queue);
    if (!found) throw new Error(`no function reads queue ${queue}`);
    const client = QueueServiceClient.fromConnectionString(this.#storage).getQueueClient(queue);
    const { receivedMessageItems: messages } = await client.receiveMessages();
    for (const { messageId, popReceipt, messageText } of messages) {
      const data = { string: Buffer.from(messageText, 'base64').toString() };
      await this.#worker.ask({ do: 'invoke', name: found.name, data });
      await client.deleteMessage(messageId, popReceipt);
    }
    return messages.length;
  }
}

/** What a JSON answer says. */
export function told({ status, body }: HttpResult): { status: number; json: unknown } {
  return { status, json: JSON.parse(Buffer.from(body).toString()) as unknown };
}
