import type { IncomingMessage } from 'node:http';
import { ServingError } from '../shared/errors.ts';
import type { BodyPool } from '../shared/inference/body-pool.ts';

/** What the Functions host takes at most (`FUNCTIONS_REQUEST_BODY_SIZE_LIMIT`). */
const MAX_BODY_BYTES = 104_857_600;
// A chunked body has no length to go by: its buffer doubles from here.
const FIRST_CHUNKED_BYTES = 65_536;
const NOTHING = new Uint8Array(0);

/** A request's body, taken from the socket when someone asks for it. */
export class HttpBody {
  readonly #incoming: IncomingMessage;
  readonly #invite: () => void;
  readonly #pool: BodyPool;
  #stream: ReadableStream<Uint8Array> | undefined;
  #letGo: () => void = () => undefined;
  /** Whether anyone has asked for it. */
  asked = false;

  /** `invite` is called before the first byte is read: a careful caller waits for that. */
  constructor(incoming: IncomingMessage, pool: BodyPool, invite: () => void) {
    this.#incoming = incoming;
    this.#invite = invite;
    this.#pool = pool;
  }

  /** Bytes, as Content-Length has it; undefined when chunked. */
  get declaredBytes(): number | undefined {
    const { headers } = this.#incoming;
    if (headers['transfer-encoding'] !== undefined) return undefined;
    return Number(headers['content-length'] ?? 0);
  }

  /** Null when the request has none. */
  stream(): ReadableStream<Uint8Array> | null {
    if (this.declaredBytes === 0) return null;
    this.#stream ??= this.#toStream();
    return this.#stream;
  }

  /** All of it; of a large one, byte `alignedAt` lies at a multiple of 8. @throws ServingError `tooLarge`, `malformed` when it ends early */
  async read(alignedAt = 0): Promise<Uint8Array> {
    const declared = this.declaredBytes;
    if (declared === 0) return NOTHING;
    if (declared !== undefined && declared > MAX_BODY_BYTES) throw tooLarge();
    let bytes: Uint8Array = NOTHING;
    let length = 0;
    await this.#take((chunk) => {
      if (length === 0) {
        // Most bodies come in one piece, which is taken as it is.
        length = chunk.byteLength;
        const rest = Math.max((declared ?? FIRST_CHUNKED_BYTES) - length, 0);
        bytes = chunk;
        if (rest === 0) return undefined;
        bytes = this.#pool.take(length + rest, alignedAt);
        bytes.set(chunk);
        return undefined;
      }
      const end = length + chunk.byteLength;
      if (end > MAX_BODY_BYTES) return tooLarge();
      if (end > bytes.byteLength) {
        const larger = new Uint8Array(Math.min(Math.max(end, 2 * length), MAX_BODY_BYTES));
        larger.set(bytes.subarray(0, length));
        bytes = larger;
      }
      bytes.set(chunk, length);
      length = end;
      return undefined;
    });
    return length === bytes.byteLength ? bytes : bytes.subarray(0, length);
  }

  /** Ends all reading; what still comes may be thrown away. */
  letGo(): void {
    this.#letGo();
  }

  /** Calls `each` for every chunk until it answers an error; resolves at the end of the body. */
  #take(each: (chunk: Uint8Array) => Error | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#listen({
        data: (chunk) => {
          const error = each(chunk);
          if (!error) return;
          this.#letGo();
          reject(error);
        },
        end: resolve,
        broken: reject,
      });
    });
  }

  #toStream(): ReadableStream<Uint8Array> {
    const incoming = this.#incoming;
    let listening = false;
    return new ReadableStream<Uint8Array>(
      {
        pull: (controller) => {
          if (listening) {
            incoming.resume();
            return;
          }
          listening = true;
          this.#listen({
            data: (chunk) => {
              controller.enqueue(chunk);
              if ((controller.desiredSize ?? 0) <= 0) incoming.pause();
            },
            end: () => {
              controller.close();
            },
            broken: (error) => {
              controller.error(error);
            },
          });
        },
        cancel: () => {
          this.#letGo();
        },
      },
      { highWaterMark: 0 },
    );
  }

  #listen(to: {
    data: (chunk: Uint8Array) => void;
    end: () => void;
    broken: (error: Error) => void;
  }): void {
    if (this.asked) throw new TypeError('body: it has been read already');
    this.asked = true;
    const incoming = this.#incoming;
    const onEnd = () => {
      this.#letGo();
      to.end();
    };
    const onClose = () => {
      this.#letGo();
      to.broken(endedEarly());
    };
    this.#letGo = () => {
      incoming.off('data', to.data).off('end', onEnd).off('close', onClose);
      incoming.pause();
      this.#letGo = () => undefined;
    };
    if (incoming.destroyed) {
      to.broken(endedEarly());
      return;
    }
    incoming.on('end', onEnd).on('close', onClose).on('data', to.data);
    this.#invite();
  }
}

function endedEarly(): ServingError {
  return new ServingError({
    kind: 'malformed',
    detail: 'body: the connection ended before the body did',
  });
}

function tooLarge(): ServingError {
  return new ServingError({
    kind: 'tooLarge',
    detail: `body: at most ${MAX_BODY_BYTES} bytes are taken`,
  });
}
