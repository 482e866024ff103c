import type { Writable } from 'node:stream';

/** Writes lines to a stream, those of one turn of the event loop together. */
export class LineWriter {
  readonly #to: Writable;
  #waiting: string[] = [];

  constructor(to: Writable) {
    this.#to = to;
    // Who read it has gone; that ends no server.
    to.on('error', () => undefined);
  }

  readonly write = (line: string): void => {
    this.#waiting.push(line);
    if (this.#waiting.length === 1) {
      setImmediate(() => {
        this.flush();
      });
    }
  };

  flush(): void {
    if (this.#waiting.length === 0) return;
    this.#to.write(`${this.#waiting.join('\n')}\n`);
    this.#waiting = [];
  }
}
