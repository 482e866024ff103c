import type { Container, FeedOptions, SqlQuerySpec } from '@azure/cosmos';
import type { Config } from '../../config.ts';
import { cosmosDatabase } from './clients.ts';
import { cosmosFailure, cosmosStatus } from './cosmos-failure.ts';

/** Documents asked for at once: a record of thousands of versions is most of a megabyte. */
const MAX_PAGE = 100;

/** A container of the database, by the SDK. */
export interface CosmosContainer {
  /** Loads the SDK; nothing is asked of the service yet. */
  readonly open: () => Promise<Container>;
  readonly isOpen: () => boolean;
  /** `doing` names the work in an error. @throws ServingError `unavailable` */
  readonly attempt: <T>(doing: string, work: (container: Container) => Promise<T>) => Promise<T>;
  /** The `body` of each document that is found, at most `limit`, however many pages they come in. */
  readonly list: <Body>(
    spec: SqlQuerySpec,
    limit: number,
    partitionKey?: string,
  ) => Promise<Body[]>;
}

/** Nothing is loaded or connected before the first call. */
export function cosmosContainer(cosmos: Config['cosmos'], name: string): CosmosContainer {
  let opened: Promise<Container> | undefined;
  const open = () => {
    opened ??= cosmosDatabase(cosmos)
      .then((database) => database.container(name))
      .catch((error: unknown) => {
        opened = undefined;
        throw error;
      });
    return opened;
  };
  const attempt = async <T>(doing: string, work: (container: Container) => Promise<T>) => {
    try {
      return await work(await open());
    } catch (error) {
      throw cosmosFailure(error, doing);
    }
  };
  return {
    open,
    isOpen: () => opened !== undefined,
    attempt,
    list: <Body>(spec: SqlQuerySpec, limit: number, partitionKey?: string) =>
      attempt('listing', async (container) => {
        const options: FeedOptions = {
          maxItemCount: Math.min(limit, MAX_PAGE),
          ...(partitionKey !== undefined && { partitionKey }),
        };
        const bodies: Body[] = [];
        const pages = container.items.query<{ body: Body }>(spec, options);
        while (bodies.length < limit && pages.hasMoreResults()) {
          const { resources } = await pages.fetchNext();
          // The SDK leaves it out of a page that is empty.
          const found = resources as typeof resources | undefined;
          for (const { body } of found ?? []) bodies.push(body);
        }
        return bodies.slice(0, limit);
      }),
  };
}

/** The ETag that a write gave; undefined when it was refused with a status of `lost`. */
export async function etagUnless(
  lost: readonly number[],
  write: Promise<{ readonly etag: string }>,
): Promise<string | undefined> {
  try {
    return (await write).etag;
  } catch (error) {
    if (lost.includes(cosmosStatus(error) ?? 0)) return undefined;
    throw error;
  }
}
