import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';

/** The YAML files of a folder by name. */
export type Manifests = ReadonlyMap<string, string>;

export function readManifests(folder: string): Manifests {
  const names = readdirSync(folder).filter((name) => name.endsWith('.yaml'));
  return new Map(names.map((name) => [name, readFileSync(join(folder, name), 'utf8')]));
}

/** A document of the cluster. */
export class Manifest {
  readonly file: string;
  readonly kind: string;
  readonly name: string;
  readonly #value: unknown;

  constructor(file: string, value: unknown) {
    this.file = file;
    this.#value = value;
    this.kind = String(at(value, 'kind'));
    this.name = String(at(value, 'metadata', 'name'));
  }

  /** For texts that tell what is wrong. */
  get title(): string {
    return `${this.kind}/${this.name}`;
  }

  get(...path: readonly (string | number)[]): unknown {
    return at(this.#value, ...path);
  }
}

/** What stands at the end of a path; undefined where it leads nowhere. */
export function at(value: unknown, ...path: readonly (string | number)[]): unknown {
  let found = value;
  for (const step of path) {
    if (typeof found !== 'object' || found === null) return undefined;
    found = (found as Readonly<Record<string | number, unknown>>)[step];
  }
  return found;
}

export function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** The members of a map of texts; what is no text is left out. */
export function texts(value: unknown): Map<string, string> {
  if (typeof value !== 'object' || value === null) return new Map();
  const entries = Object.entries(value) as [string, unknown][];
  return new Map(
    entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
}

/** Every document but kustomize's own. @throws Error that names the file that is no YAML */
export function documentsOf(manifests: Manifests): readonly Manifest[] {
  const known = read.get(manifests);
  if (known) return known;
  const documents = [...manifests].flatMap(([file, text]) =>
    file === 'kustomization.yaml' ? [] : parsed(file, text).map((one) => new Manifest(file, one)),
  );
  read.set(manifests, documents);
  return documents;
}

/** They are asked for again and again. */
const read = new WeakMap<Manifests, readonly Manifest[]>();

export function kustomizationOf(manifests: Manifests): unknown {
  return parsed('kustomization.yaml', manifests.get('kustomization.yaml') ?? '')[0];
}

export function ofKind(manifests: Manifests, kind: string): Manifest[] {
  return documentsOf(manifests).filter((one) => one.kind === kind);
}

function parsed(file: string, text: string): unknown[] {
  return parseAllDocuments(text, { strict: true, uniqueKeys: true }).map((document) => {
    const [wrong] = [...document.errors, ...document.warnings];
    if (wrong) throw new Error(`${file}: ${wrong.message}`);
    return document.toJS() as unknown;
  });
}

/** `1500m`, `4Gi`, `8G` as a number. @throws Error where it is none */
export function quantity(value: unknown): number {
  const [, digits, unit] = /^(\d+(?:\.\d+)?)(m|Ki|Mi|Gi|k|M|G)?$/.exec(String(value)) ?? [];
  if (digits === undefined) throw new Error(`${String(value)}: expected a quantity`);
  return Number(digits) * (UNITS[unit ?? ''] ?? 1);
}

const UNITS: Readonly<Record<string, number>> = {
  m: 0.001,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
};
