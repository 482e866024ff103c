const END_OF_HEAD = Buffer.from('\r\n\r\n');
const MAX_HEAD_BYTES = 65_536;

/** An answer, read to its end. */
export interface Response {
  readonly status: number;
  /** Status line and header lines. */
  readonly head: string;
  /** Only of answers that are not 200; what is 200 is counted, not kept. */
  readonly body: string;
}

/**
 * Reads the answers of one connection, one at a time, by their Content-Length. It does as little as
 * it can: it shares the machine with the server that is measured.
 */
export class ResponseReader {
  #status = 0;
  #head = '';
  /** Of a head that has not come to its end yet. */
  #partial: Buffer | undefined;
  #left = 0;
  #kept: Buffer[] = [];

  /**
   * Takes the next bytes; the answer, when they complete one.
   * @throws Error when they are not an answer, or more than one
   */
  push(bytes: Buffer): Response | undefined {
    let body = bytes;
    if (this.#left === 0) {
      const rest = this.#readHead(bytes);
      if (!rest) return undefined;
      body = rest;
    }
    if (body.length > this.#left) {
      throw new Error(`${body.length - this.#left} bytes came after the answer's end`);
    }
    this.#left -= body.length;
    // The bytes are the connection's, and will be overwritten.
    if (this.#status !== 200) this.#kept.push(Buffer.from(body));
    if (this.#left > 0) return undefined;
    const kept = Buffer.concat(this.#kept).toString();
    this.#kept = [];
    return { status: this.#status, head: this.#head, body: kept };
  }

  /** What stands behind the head, once it is whole. */
  #readHead(bytes: Buffer): Buffer | undefined {
    const all = this.#partial ? Buffer.concat([this.#partial, bytes]) : bytes;
    const end = all.indexOf(END_OF_HEAD);
    if (end < 0) {
      if (all.length > MAX_HEAD_BYTES) throw new Error('the head of an answer has no end');
      this.#partial = Buffer.from(all);
      return undefined;
    }
    this.#partial = undefined;
    this.#head = all.toString('latin1', 0, end);
    const status = /^HTTP\/1\.1 (\d{3}) /.exec(this.#head)?.[1];
    const length = /\r\ncontent-length: *(\d+)/i.exec(this.#head)?.[1];
    if (status === undefined || length === undefined) {
      throw new Error(`expected a status and a Content-Length, got ${JSON.stringify(this.#head)}`);
    }
    this.#status = Number(status);
    this.#left = Number(length);
    return all.subarray(end + END_OF_HEAD.length);
  }
}

/** A header's value; undefined when the answer has no such header. */
export function headerOf(head: string, name: string): string | undefined {
  const prefix = `${name.toLowerCase()}:`;
  const line = head.split('\r\n').find((each) => each.toLowerCase().startsWith(prefix));
  return line?.slice(prefix.length).trim();
}
