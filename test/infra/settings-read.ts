import { parseConfig } from '../../shared/config.ts';

/** Names of settings that `shared/config.ts` asks for where resources are reached by identity. */
export function settingsRead(): Set<string> {
  const read = new Set<string>();
  const env = new Proxy<Record<string, string>>(
    {},
    {
      get: (_, name) => {
        read.add(String(name));
        return /Uri$|Endpoint$/.test(String(name)) ? 'https://example.com' : undefined;
      },
    },
  );
  parseConfig(env);
  // A connection string would be a key.
  read.delete('PILOTLIGHT_STORAGE');
  read.delete('PILOTLIGHT_COSMOS');
  return read;
}
