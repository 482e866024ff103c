import type { ModelName } from '../ids.ts';
import type { ModelRecord } from '../registry/model-record.ts';
import type { RegistryDeps } from './change-model.ts';

/** Versions on one page: a model may have thousands, a page a thousand models. */
const MAX_VERSIONS_A_PAGE = 20_000;
/** Models read at once. */
const STRIDE = 50;

/**
 * Models that aren't deleted, by name, at most `limit`, and fewer when they have very many versions.
 * `next` is there when more may follow: the name to go on after.
 */
export async function listModels(
  { registry }: Pick<RegistryDeps, 'registry'>,
  page: { readonly after?: ModelName; readonly limit: number },
): Promise<{ models: ModelRecord[]; next?: ModelName }> {
  const models: ModelRecord[] = [];
  let versions = 0;
  let after = page.after;
  // One more than is asked for tells whether there are more.
  while (models.length <= page.limit && versions < MAX_VERSIONS_A_PAGE) {
    const limit = Math.min(STRIDE, page.limit + 1 - models.length);
    const found = await registry.listModels({ limit, ...(after !== undefined && { after }) });
    models.push(...found);
    for (const record of found) versions += record.versions.length;
    if (found.length < limit) return { models };
    after = found.at(-1)?.model;
  }
  models.splice(page.limit);
  const last = models.at(-1);
  return { models, ...(last && { next: last.model }) };
}
