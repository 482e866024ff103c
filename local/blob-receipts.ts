import { createHash } from 'node:crypto';
import type { BlobServiceClient, BlockBlobClient, ContainerClient } from '@azure/storage-blob';
import { codeOf, statusOf } from '../shared/adapters/azure/storage-failure.ts';

/** One state of one blob, and who is told of it. */
export interface Sighting {
  readonly functionName: string;
  readonly container: string;
  readonly name: string;
  readonly etag: string;
}

/** The right to handle a sighting until it lapses. */
export interface Turn {
  /** 1 is the first. */
  readonly tries: number;
  /** Keeps the right for another lock time. @throws Error when someone else has it */
  renew(): Promise<void>;
  /** Nobody handles this sighting again. */
  finish(): Promise<void>;
  /** Lets it be tried again in `ms`. */
  release(ms: number): Promise<void>;
}

const CONTAINER = 'azure-webjobs-hosts';

/**
 * Who has handled which state of a blob, as blobs in `azure-webjobs-hosts`: written with conditions,
 * so that of several hosts one handles it, and a crash is a try.
 */
export class BlobReceipts {
  readonly #container: ContainerClient;
  readonly #lockMs: number;

  constructor(service: BlobServiceClient, lockMs: number) {
    this.#container = service.getContainerClient(CONTAINER);
    this.#lockMs = lockMs;
  }

  async prepare(): Promise<void> {
    await this.#container.createIfNotExists();
  }

  /** `done` when it has been handled, `later` while someone has the turn or it rests. */
  async take(sighting: Sighting): Promise<Turn | 'done' | 'later'> {
    const blob = this.#blobOf(sighting);
    let state: State;
    let etag: string | undefined;
    try {
      const { metadata = {}, etag: found } = await blob.getProperties();
      state = { tries: Number(metadata.tries), until: Number(metadata.until) };
      etag = found;
    } catch (error) {
      if (statusOf(error) !== 404) throw error;
      state = { tries: 0, until: 0 };
    }
    if (state.until === FOR_EVER) return 'done';
    if (state.until > Date.now()) return 'later';
    const tries = state.tries + 1;
    const held = await write(blob, etag, { tries, until: Date.now() + this.#lockMs });
    return held === undefined ? 'later' : this.#turn(blob, tries, held);
  }

  #turn(blob: BlockBlobClient, tries: number, first: string): Turn {
    let etag = first;
    const change = async (until: number) => {
      const written = await write(blob, etag, { tries, until });
      if (written === undefined) throw new Error(`receipt ${blob.name}: another host has it`);
      etag = written;
    };
    return {
      tries,
      renew: () => change(Date.now() + this.#lockMs),
      finish: () => change(FOR_EVER),
      release: (ms) => change(Date.now() + ms),
    };
  }

  #blobOf({ functionName, container, name, etag }: Sighting): BlockBlobClient {
    // Hashed: the name and the ETag hold what a name may not, and the service has a limit.
    const key = createHash('sha256').update(`${container}/${name}\n${etag}`).digest('hex');
    return this.#container.getBlockBlobClient(`blobreceipts/${functionName}/${key}`);
  }
}

interface State {
  readonly tries: number;
  /** When somebody may try again, ms since the epoch. */
  readonly until: number;
}

const FOR_EVER = Number.MAX_SAFE_INTEGER;

/** The new ETag; undefined when somebody was first. */
async function write(
  blob: BlockBlobClient,
  etag: string | undefined,
  { tries, until }: State,
): Promise<string | undefined> {
  try {
    const written = await blob.upload('', 0, {
      metadata: { tries: String(tries), until: String(until) },
      conditions: etag === undefined ? { ifNoneMatch: '*' } : { ifMatch: etag },
    });
    return written.etag;
  } catch (error) {
    const taken = ['BlobAlreadyExists', 'ConditionNotMet', 'UnmodifiedConditionNotMet'];
    if (statusOf(error) === 412 || taken.includes(codeOf(error) ?? '')) return undefined;
    throw error;
  }
}
