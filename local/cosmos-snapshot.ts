import { open, readFile, rename } from 'node:fs/promises';
import * as z from 'zod';

const snapshotSchema = z.object({
  databases: z.array(
    z.object({
      id: z.string(),
      containers: z.array(
        z.object({
          /** As it was created: id, partition key, indexing policy. */
          definition: z.looseObject({ id: z.string() }),
          documents: z.array(z.looseObject({ id: z.string() })),
        }),
      ),
    }),
  ),
});

/** Everything a Cosmos emulator holds, as far as a client can see it. */
export type CosmosSnapshot = z.infer<typeof snapshotSchema>;

/** Replaces the file as a whole: a crash leaves the one before. */
export async function writeSnapshot(file: string, snapshot: CosmosSnapshot): Promise<void> {
  const fresh = `${file}.${process.pid}.new`;
  const handle = await open(fresh, 'w');
  try {
    await handle.writeFile(JSON.stringify(snapshot));
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(fresh, file);
}

/** Undefined when there is none. @throws Error when the file is not a snapshot */
export async function readSnapshot(file: string): Promise<CosmosSnapshot | undefined> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw unusable(file, error);
  }
  const parsed = snapshotSchema.safeParse(value);
  if (!parsed.success) throw unusable(file, parsed.error);
  return parsed.data;
}

function unusable(file: string, cause: unknown): Error {
  return new Error(
    `${file}: expected the saved documents of the Cosmos emulator; move it away to start without them`,
    { cause },
  );
}

const EMULATOR_MEMBERS = new Set(['_rid', '_self', '_etag', '_ts', '_attachments']);

/** What was created, without what the emulator added: it adds its own again. */
export function withoutSystemMembers<T extends object>(resource: T): T {
  return Object.fromEntries(
    Object.entries(resource).filter(([name]) => !EMULATOR_MEMBERS.has(name)),
  ) as T;
}

/** The emulator keeps documents for ever; those whose `ttl` (seconds) has passed are not restored. */
export function expired(document: Readonly<Record<string, unknown>>, now: number): boolean {
  const { ttl, _ts: written } = document;
  return (
    typeof ttl === 'number' &&
    ttl > 0 &&
    typeof written === 'number' &&
    (written + ttl) * 1000 < now
  );
}
