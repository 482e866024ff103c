import type { Asked, Told } from './told.ts';

const PERMISSION = 'sv=2026-02-06&sig=secret';

/** POST /uploads, and Blob Storage's PUTs behind the URLs that it grants. */
export class StandInStorage {
  /** By name, as in `uploads/1/churn.csv`. */
  readonly blobs = new Map<string, Buffer>();
  expiresAt = '2030-01-01T01:00:00.000Z';
  readonly #staged = new Map<string, Buffer>();
  #grants = 0;

  grant({ body }: Asked, origin: string): Told {
    const { name, bytes } = JSON.parse(body.toString('utf8')) as { name: string; bytes: number };
    if (!/^[A-Za-z0-9._-]{1,200}$/.test(name) || !(bytes > 0)) return { status: 400 };
    const blob = `uploads/${++this.#grants}/${name}`;
    const url = `${origin}/storage/${blob}?${PERMISSION}`;
    return { status: 201, body: { blob, url, expiresAt: this.expiresAt } };
  }

  answer({ method, path, headers, body }: Asked): Told {
    const [pathname = '', search = ''] = path.split('?', 2);
    const name = decodeURIComponent(pathname.slice('/storage/'.length));
    const query = new URLSearchParams(search);
    if (query.get('sig') !== 'secret') return denied(403, 'AuthenticationFailed', 'No permission.');
    if (method === 'GET') return { status: 200, body: this.blobs.get(name) };
    if (headers['content-length'] !== String(body.byteLength)) {
      return denied(411, 'MissingContentLengthHeader', 'Content-Length is required.');
    }
    switch (query.get('comp')) {
      case 'block':
        this.#staged.set(`${name} ${query.get('blockid') ?? ''}`, body);
        return { status: 201 };
      case 'blocklist': {
        const ids = [...body.toString('utf8').matchAll(/<Latest>([^<]+)<\/Latest>/g)];
        const blocks = ids.map(([, id = '']) => this.#staged.get(`${name} ${id}`));
        if (blocks.includes(undefined)) return denied(400, 'InvalidBlockList', 'Not staged.');
        this.blobs.set(name, Buffer.concat(blocks as Buffer[]));
        return { status: 201 };
      }
      default:
        if (headers['x-ms-blob-type'] !== 'BlockBlob') {
          return denied(400, 'MissingRequiredHeader', 'x-ms-blob-type is required.');
        }
        this.blobs.set(name, body);
        return { status: 201 };
    }
  }
}

/** As Blob Storage says it. */
export function denied(status: number, code: string, message: string): Told {
  const body = `<?xml version="1.0"?><Error><Code>${code}</Code><Message>${message}\nRequestId:1</Message></Error>`;
  return { status, headers: { 'content-type': 'application/xml' }, body };
}
