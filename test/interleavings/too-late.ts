import type { RegistryStore } from '../../shared/ports/registry.ts';
import { without } from './without.ts';

/** A registry that writes documents of one kind only after the record that relies on them. */
export function tooLate(
  kind: 'createEvent' | 'createRollout' | 'createVerdict',
): (registry: RegistryStore) => RegistryStore {
  return (registry) => {
    const late: (() => Promise<unknown>)[] = [];
    const create = Reflect.get(registry, kind) as (...args: unknown[]) => Promise<unknown>;
    return without(() => ({
      [kind]: (...args: unknown[]) => {
        late.push(() => create.apply(registry, args));
        return Promise.resolve(true);
      },
      async replaceModel(record, etag) {
        const stored = await registry.replaceModel(record, etag);
        for (const write of late.splice(0)) await write();
        return stored;
      },
    }))(registry);
  };
}
