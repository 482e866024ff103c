import { type Document, documentsAt, textAt } from './document.ts';
import type { Server } from './server.ts';

const PAGE = 1_000;

/** The documents of a list, page after page, at most `most`. */
export async function allPages(
  server: Server,
  path: string,
  member: string,
  most = Number.POSITIVE_INFINITY,
): Promise<Document[]> {
  const all: Document[] = [];
  let continuation: string | undefined;
  do {
    const query = new URLSearchParams({ limit: String(Math.min(PAGE, most - all.length)) });
    if (continuation !== undefined) query.set('continuation', continuation);
    const page = await server.get(`${path}?${query.toString()}`);
    all.push(...documentsAt(page, member));
    continuation = textAt(page, 'continuation');
  } while (continuation !== undefined && all.length < most);
  return all;
}
