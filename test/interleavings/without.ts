import type { RegistryStore } from '../../shared/ports/registry.ts';

/** A registry some of whose calls do otherwise. */
export function without(
  change: (registry: RegistryStore) => Partial<RegistryStore>,
): (registry: RegistryStore) => RegistryStore {
  return (registry) => {
    const changed: Partial<RegistryStore> = change(registry);
    return new Proxy(registry, {
      get: (target, name, receiver): unknown =>
        Object.hasOwn(changed, name)
          ? Reflect.get(changed, name)
          : Reflect.get(target, name, receiver),
    });
  };
}
