import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { parseHostJson } from '../local/host-json.ts';
import { FAULTS } from './deploy/manifest-faults.ts';
import { type Manifests, readManifests } from './deploy/manifests.ts';
import { scaling } from './deploy/scaling.ts';
import {
  division,
  grace,
  type ManifestExpectation,
  room,
  secrets,
  settings,
  strings,
} from './deploy/settings.ts';
import { confined, imageOf, kustomized, reach, selected, versioned } from './deploy/wiring.ts';

const IMAGE = imageOf(readFileSync('Dockerfile', 'utf8'), readFileSync('package.json', 'utf8'));
const MANIFESTS = readManifests('deploy/kubernetes');
const EXPECTATIONS = {
  settings,
  secrets,
  strings,
  division,
  room,
  grace,
  selected,
  kustomized,
  reach: reach(IMAGE),
  confined: confined(IMAGE),
  versioned: versioned(IMAGE),
  scaling: scaling(parseHostJson(JSON.parse(readFileSync('host.json', 'utf8')) as unknown).queues),
};

const NAMES = Object.keys(EXPECTATIONS) as (keyof typeof EXPECTATIONS)[];

test.each(NAMES)('%s: as they must be', (name) => {
  expect(EXPECTATIONS[name](MANIFESTS)).toEqual([]);
});

/** The same with a piece of a file replaced; there must be such a piece. */
function faulty(file: string, piece: RegExp | string, instead: string): Manifests {
  const text = MANIFESTS.get(file) ?? '';
  const changed = text.replace(piece, instead);
  expect(changed).not.toBe(text);
  return new Map([...MANIFESTS, [file, changed]]);
}

/** What an expectation says of it; a file that can't be read is noticed too. */
function told(expectation: ManifestExpectation, manifests: Manifests): string[] {
  try {
    return expectation(manifests);
  } catch (error) {
    return [String(error)];
  }
}

describe('a fault is noticed:', () => {
  test.each(FAULTS)('%s', (_, ...[name, file, piece, instead]) => {
    expect(told(EXPECTATIONS[name], faulty(file, piece, instead))).not.toEqual([]);
  });
});
