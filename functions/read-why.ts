import { ServingError } from '../shared/errors.ts';
import { parseAs, readBody } from './body.ts';
import type { Request } from './trigger.ts';

const MAX_BYTES = 10_000;

/** The reason that a body may give: `{why?}`, or no body at all. @throws ServingError `malformed`, `tooLarge` */
export async function readWhy(request: Request): Promise<string | undefined> {
  const text = new TextDecoder().decode(await readBody(request, MAX_BYTES));
  if (text.trim() === '') return undefined;
  const { whyBody } = await import('./request-schemas.ts');
  return parseAs(whyBody, parseJson(text), 'body').why;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new ServingError({
      kind: 'malformed',
      detail: 'body: expected none, or JSON, as in {"why": "too slow"}',
    });
  }
}
