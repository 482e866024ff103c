import { readFileSync } from 'node:fs';
import { type BicepFolder, readBicepFolder } from './bicep-folder.ts';

/** What a deployment is made of beside Bicep. */
const OTHERS = [
  'azure.yaml',
  '.funcignore',
  'host.json',
  'infra/main.parameters.json',
  'infra/set-keys.mjs',
  'infra/subscribe-drops.mjs',
] as const;

/** The Bicep files by name, and the others by their path. */
export function readDeployment(): BicepFolder {
  return new Map([
    ...readBicepFolder('infra'),
    ...OTHERS.map((path) => [path, readFileSync(path, 'utf8')] as const),
  ]);
}
