import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { documentsOf, readManifests } from '../deploy/manifests.ts';

// The manifests against the schemas that Kubernetes publishes. `npm run test:manifests` installs them. KEDA's own
// kinds are not among them: test/deploy/scaling.ts looks after those.

const VALIDATE = resolve('out/manifests/bin/kubernetes-validate');
const FOLDER = 'deploy/kubernetes';
const MANIFESTS = readManifests(FOLDER);
/** The pause before the end (`sleep`) is part of every cluster since 1.30. */
const VERSIONS = ['1.30', '1.34', '1.37'];

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pilotlight-manifests-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

/** @throws what is wrong with the files */
async function validate(version: string, files: readonly string[]): Promise<string> {
  const { stdout, stderr } = await promisify(execFile)(VALIDATE, [
    '--strict',
    '-k',
    version,
    ...files,
  ]);
  return stdout + stderr;
}

test.each(VERSIONS)('Kubernetes %s takes the manifests', async (version) => {
  const files = [...MANIFESTS.keys()].filter((name) => name !== 'kustomization.yaml');
  const said = await validate(
    version,
    files.map((name) => join(FOLDER, name)),
  );
  const known = documentsOf(MANIFESTS).filter(
    (one) => !/keda\.sh\//.test(String(one.get('apiVersion'))),
  );
  expect(said.match(/ passed for resource /g)).toHaveLength(known.length);
});

test('a slip is noticed', async () => {
  const file = join(folder, 'http.yaml');
  const text = await readFile(join(FOLDER, 'http.yaml'), 'utf8');
  await writeFile(file, text.replace('failureThreshold', 'failureTreshold'));
  await expect(validate('1.34', [file])).rejects.toMatchObject({
    stdout: expect.stringContaining('failureTreshold') as unknown,
  });
});
