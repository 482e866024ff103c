import { randomUUID } from 'node:crypto';
import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';

/** What node:http could not read as a request is answered too, with the error document. */
export function answerClientError(error: NodeJS.ErrnoException, socket: Duplex): void {
  const begun = 'bytesWritten' in socket && Number(socket.bytesWritten) > 0;
  // An answer that has begun can't be followed by another.
  if (error.code === 'ECONNRESET' || !socket.writable || begun) {
    socket.destroy(error);
    return;
  }
  const { status, detail } = explained(error);
  const title = STATUS_CODES[status] ?? '';
  const document = JSON.stringify({
    type: 'about:blank',
    title,
    status,
    detail,
    instance: `urn:uuid:${randomUUID()}`,
    error: detail,
  });
  socket.end(
    [
      `HTTP/1.1 ${status} ${title}`,
      'content-type: application/problem+json',
      `content-length: ${Buffer.byteLength(document)}`,
      'connection: close',
      '',
      document,
    ].join('\r\n'),
  );
}

function explained(error: NodeJS.ErrnoException): { status: number; detail: string } {
  switch (error.code) {
    case 'HPE_HEADER_OVERFLOW':
      return { status: 431, detail: 'headers: at most 32768 bytes are taken' };
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return { status: 408, detail: 'the request did not come to its end in time' };
    default:
      return { status: 400, detail: `not a request of HTTP/1.1: ${error.message}` };
  }
}
