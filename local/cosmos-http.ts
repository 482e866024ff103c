import * as z from 'zod';
import { type CosmosSnapshot, expired, withoutSystemMembers } from './cosmos-snapshot.ts';

const named = z.looseObject({ id: z.string() });
type Named = z.infer<typeof named>;

const PARALLEL_WRITES = 16;

/** Reads and writes a whole Cosmos emulator over its own HTTP interface, which wants no signature. */
export class CosmosClient {
  readonly #base: string;
  readonly #pass: string;

  /** `pass` is sent as `x-gate-pass`. */
  constructor(base: string, pass: string) {
    this.#base = base;
    this.#pass = pass;
  }

  /** What it holds now, with `_ts`; each container as it was when it was read. */
  async snapshot(): Promise<CosmosSnapshot> {
    const databases = [];
    for (const { id } of await this.#list('/dbs', 'Databases')) {
      const containers = [];
      const path = `/dbs/${encodeURIComponent(id)}/colls`;
      for (const collection of await this.#list(path, 'DocumentCollections')) {
        const documents = await this.#list(
          `${path}/${encodeURIComponent(collection.id)}/docs`,
          'Documents',
        );
        containers.push({ definition: withoutSystemMembers(collection), documents });
      }
      databases.push({ id, containers });
    }
    return { databases };
  }

  /** Creates everything of `snapshot` in an empty emulator, but what has expired at `now` (ms). */
  async restore(snapshot: CosmosSnapshot, now: number): Promise<void> {
    for (const { id, containers } of snapshot.databases) {
      await this.create('/dbs', { id });
      const path = `/dbs/${encodeURIComponent(id)}/colls`;
      for (const { definition, documents } of containers) {
        await this.create(path, definition);
        const into = `${path}/${encodeURIComponent(definition.id)}/docs`;
        const queue = documents.filter((document) => !expired(document, now)).values();
        const worker = async () => {
          for (const document of queue) await this.create(into, withoutSystemMembers(document));
        };
        await Promise.all(Array.from({ length: PARALLEL_WRITES }, worker));
      }
    }
  }

  /** Creates a database, container or document; one that stands already is left as it is. */
  async create(path: string, resource: object): Promise<void> {
    const response = await fetch(this.#base + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-gate-pass': this.#pass },
      body: JSON.stringify(resource),
    });
    const answer = await response.text();
    if (!response.ok && response.status !== 409) {
      throw new Error(
        `Cosmos emulator: POST ${path}: expected 201, got ${response.status} ${answer}`,
      );
    }
  }

  /** `member` is the name under which the emulator lists these resources. */
  async #list(path: string, member: string): Promise<Named[]> {
    const response = await fetch(this.#base + path, { headers: { 'x-gate-pass': this.#pass } });
    if (!response.ok) {
      throw new Error(`Cosmos emulator: GET ${path}: expected 200, got ${response.status}`);
    }
    const answer = z.record(z.string(), z.unknown()).parse(await response.json());
    return z.array(named).parse(answer[member]);
  }
}
