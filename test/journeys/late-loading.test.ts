import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';

// What sends telemetry is read from disk for the first batch, which comes after the first answer.

const dist = process.env.PILOTLIGHT_TEST_DIST ?? '';
const files = readdirSync(dist).filter((file) => file.endsWith('.mjs'));

/** The files that a bundled file imports before it runs. */
function importsOf(file: string): string[] {
  const text = readFileSync(join(dist, file), 'utf8');
  return [...text.matchAll(/\b(?:from|import)\s*"\.\/([^"]+)"/g)].flatMap(([, name]) => name ?? []);
}

/** With all that those import. */
function readWith(file: string): ReadonlySet<string> {
  const seen = new Set<string>();
  const waiting = [file];
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    if (seen.has(next)) continue;
    seen.add(next);
    waiting.push(...importsOf(next));
  }
  return seen;
}

test.each(['main', 'local'])('%s reads nothing of it before', (entry) => {
  const own = files.filter((file) => file.startsWith(`${entry}-`));
  const [sender, ...others] = own.filter((file) => file.includes('telemetry-sender'));
  expect([sender, others]).toEqual([expect.any(String), []]);
  const imports = own.filter((file) => importsOf(file).includes(sender ?? ''));
  expect(imports).toEqual([]);
  // Whoever asks for it is read at the start: it composes the app.
  const asks = own.filter((file) =>
    readFileSync(join(dist, file), 'utf8').includes(`import("./${sender ?? ''}")`),
  );
  expect(asks).toHaveLength(1);
  const atStart = new Set([
    ...readWith(`${entry}.mjs`),
    ...asks.flatMap((file) => [...readWith(file)]),
  ]);
  const needed = importsOf(sender ?? '').filter((file) => !atStart.has(file));
  // The pipeline of the SDKs, of 100 KB, is among what waits.
  expect(
    needed.map((file) => readFileSync(join(dist, file)).length).sort((a, b) => b - a)[0],
  ).toBeGreaterThan(50_000);
});
