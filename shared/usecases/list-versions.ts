import type { ModelName, Version } from '../ids.ts';
import { requireModel } from '../registry/lookup.ts';
import type { RegistryDeps } from './change-model.ts';
import { type VersionView, viewOf } from './version-lifecycle.ts';

/** Detail on one page, in bytes of its JSON: a card alone may be a quarter of a megabyte. */
const MAX_PAGE_BYTES = 8_000_000;
/** Versions whose detail is read at once. */
const STRIDE = 16;

/**
 * A model's versions, newest first, at most `limit`, and fewer when they are very large. `next` is
 * there when more follow: the version to go on below. @throws ServingError `notFound`
 */
export async function listVersions(
  deps: Pick<RegistryDeps, 'registry'>,
  model: ModelName,
  page: { readonly below?: Version; readonly limit: number },
): Promise<{ versions: VersionView[]; next?: Version }> {
  const stored = await deps.registry.readModel(model);
  const record = requireModel(stored?.value, model);
  const entries = record.versions.filter(({ version }) => version < (page.below ?? Infinity));
  entries.reverse();

  const versions: VersionView[] = [];
  let bytes = 0;
  while (versions.length < Math.min(page.limit, entries.length) && bytes < MAX_PAGE_BYTES) {
    const end = Math.min(versions.length + STRIDE, page.limit);
    const some = entries.slice(versions.length, end);
    const views = await Promise.all(some.map((entry) => viewOf(deps, record, entry)));
    versions.push(...views);
    bytes += Buffer.byteLength(JSON.stringify(views));
  }
  const last = versions.at(-1)?.entry.version;
  const more = versions.length < entries.length && last !== undefined;
  return { versions, ...(more && { next: last }) };
}
