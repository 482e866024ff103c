import { isBlobName } from '../blob-name.ts';
import { ServingError } from '../errors.ts';
import { quoted } from '../ids.ts';

const MAX_PREFIX_LENGTH = 900;
/** What a job's own folder is called. */
const BATCH_FOLDER = /^[0-9a-z]{26}$/;

/**
 * Checks where a caller wants results, below the container `batches`: `churn/2026-01`, not within a
 * job's own folder. @throws ServingError `malformed`
 */
export function parseOutputPrefix(text: string): string {
  const [first = ''] = text.split('/');
  if (text.length <= MAX_PREFIX_LENGTH && isBlobName(text) && !BATCH_FOLDER.test(first))
    return text;
  throw new ServingError({
    kind: 'malformed',
    detail: `output.prefix: expected at most ${MAX_PREFIX_LENGTH} characters such as "churn/2026-01", without empty, "." or ".." segments, the first one not like a batch's id; got ${quoted(text)}`,
  });
}
