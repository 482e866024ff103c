import { randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import type { Body } from './transport.ts';

/** A part of a form: a file that is streamed, or text. */
export type Part = { readonly name: string } & (
  | { readonly file: { readonly path: string; readonly bytes: number } }
  | { readonly json: string }
);

/** A `multipart/form-data` body of known length, read from disk while it is sent. */
export function multipart(parts: readonly Part[]): { contentType: string; body: Body } {
  const boundary = `pilotlight-${randomUUID()}`;
  const pieces = parts.map((part) => {
    const isFile = 'file' in part;
    const disposition = `form-data; name="${part.name}"${isFile ? `; filename="${part.name}"` : ''}`;
    const type = isFile ? 'application/octet-stream' : 'application/json';
    const head = Buffer.from(
      `--${boundary}\r\ncontent-disposition: ${disposition}\r\ncontent-type: ${type}\r\n\r\n`,
    );
    return { head, content: isFile ? part.file : Buffer.from(part.json) };
  });
  const end = Buffer.from(`--${boundary}--\r\n`);
  const bytes = pieces.reduce(
    (sum, { head, content }) =>
      sum + head.byteLength + ('path' in content ? content.bytes : content.byteLength) + 2,
    end.byteLength,
  );
  async function* write(): AsyncGenerator<Uint8Array> {
    for (const { head, content } of pieces) {
      yield head;
      if ('path' in content) yield* createReadStream(content.path) as AsyncIterable<Uint8Array>;
      else yield content;
      yield Buffer.from('\r\n');
    }
    yield end;
  }
  return {
    contentType: `multipart/form-data; boundary=${boundary}`,
    body: { bytes, open: () => Readable.from(write()) },
  };
}
