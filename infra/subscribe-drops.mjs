// Tells Event Grid where dropped models go, with the key that the app's host made when it first ran. To be run after
// each deployment that made the app anew, and when that key has been renewed; once more does no harm.
//   node infra/subscribe-drops.mjs [--outputs FILE]
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { appManager, az, eventually, main, ofDeployment, outputs } from './azure.mjs';

const TEMPLATE = fileURLToPath(new URL('events.bicep', import.meta.url));

await main(async () => {
  const { values } = parseArgs({ options: { outputs: { type: 'string' } } });
  const deployed = await outputs(
    [
      'AZURE_ENV_NAME',
      'AZURE_LOCATION',
      'AZURE_RESOURCE_GROUP',
      'PILOTLIGHT_APP_NAME',
      'PILOTLIGHT_STORAGE_NAME',
      'PILOTLIGHT_SUFFIX',
      'PILOTLIGHT_URL',
    ],
    values.outputs,
  );
  const ask = await appManager(deployed);
  const key = await eventually(
    `the key blobs_extension of ${deployed.PILOTLIGHT_APP_NAME}, which it makes when it first runs`,
    async () => (await ask('POST', 'host/default/listkeys')).systemKeys?.blobs_extension,
  );

  // In a file that nobody else may read, and not for long.
  const folder = await mkdtemp(join(tmpdir(), 'pilotlight-events-'));
  try {
    const parameters = {
      location: deployed.AZURE_LOCATION,
      suffix: deployed.PILOTLIGHT_SUFFIX,
      tags: { 'azd-env-name': deployed.AZURE_ENV_NAME, application: 'pilotlight' },
      storageName: deployed.PILOTLIGHT_STORAGE_NAME,
      hostName: new URL(deployed.PILOTLIGHT_URL).hostname,
      blobsExtensionKey: key,
    };
    const file = join(folder, 'parameters.json');
    await writeFile(file, JSON.stringify(parametersFile(parameters)), { mode: 0o600 });
    // Event Grid asks the app whether it wants the events: one that has just started may miss it.
    await eventually('the subscription of incoming/', async () => {
      await az(
        ...['deployment', 'group', 'create', '--name', 'dropped-models', '--output', 'none'],
        ...ofDeployment(),
        ...['--resource-group', deployed.AZURE_RESOURCE_GROUP],
        ...['--template-file', TEMPLATE, '--parameters', `@${file}`],
      );
      return true;
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  console.log(`models dropped into incoming/ of ${deployed.PILOTLIGHT_STORAGE_NAME} are told of`);
});

function parametersFile(values) {
  return {
    $schema: 'https://schema.management.azure.com/schemas/2019-04-01/deploymentParameters.json#',
    contentVersion: '1.0.0.0',
    parameters: Object.fromEntries(
      Object.entries(values).map(([name, value]) => [name, { value }]),
    ),
  };
}
