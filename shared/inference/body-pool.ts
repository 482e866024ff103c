/** Smaller bodies aren't worth it. */
const LEAST_BYTES = 65_536;
const MOST_BYTES = 1 << 24;
/** Where a payload begins is a multiple of this: any element may be read in its place. */
const ALIGNMENT = 8;

/**
 * Buffers of large bodies, used again: a fresh one costs the pages it takes, and every few dozen of
 * them a collection that stops the event loop.
 */
export class BodyPool {
  readonly #maxBytes: number;
  /** By size, a power of two. */
  readonly #free = new Map<number, ArrayBuffer[]>();
  #freeBytes = 0;

  /** Keeps at most `maxBytes` bytes that nobody uses. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /**
   * Room for `bytes` bytes, whose byte `alignedAt` lies at a multiple of 8 in its buffer. It holds
   * whatever it held before.
   */
  take(bytes: number, alignedAt = 0): Uint8Array<ArrayBuffer> {
    const offset = (ALIGNMENT - (alignedAt % ALIGNMENT)) % ALIGNMENT;
    const size = 2 ** Math.ceil(Math.log2(Math.max(1, bytes + ALIGNMENT)));
    if (size < LEAST_BYTES || size > MOST_BYTES) {
      return new Uint8Array(new ArrayBuffer(offset + bytes), offset);
    }
    const buffer = this.#free.get(size)?.pop();
    if (buffer) this.#freeBytes -= size;
    return new Uint8Array(buffer ?? new ArrayBuffer(size), offset, bytes);
  }

  /** Takes a buffer back that nobody reads any more; one of another kind is let go. */
  give(buffer: ArrayBuffer): void {
    const size = buffer.byteLength;
    if (!isPooled(buffer) || this.#freeBytes + size > this.#maxBytes) return;
    const others = this.#free.get(size);
    if (others) others.push(buffer);
    else this.#free.set(size, [buffer]);
    this.#freeBytes += size;
  }
}

/** Whether a buffer may be one of a pool's, by its size. */
export function isPooled({ byteLength }: ArrayBufferLike): boolean {
  return (
    byteLength >= LEAST_BYTES && byteLength <= MOST_BYTES && Number.isInteger(Math.log2(byteLength))
  );
}

/** Whether bytes have their buffer to themselves, so that it may be moved with them. */
export function areAlone({ buffer, byteLength }: Uint8Array): boolean {
  if (buffer.byteLength - byteLength < ALIGNMENT) return true;
  return (byteLength + 2 * ALIGNMENT) * 2 >= buffer.byteLength && isPooled(buffer);
}
