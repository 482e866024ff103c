import type { App } from '../shared/compose.ts';
import { ANONYMOUS, type Caller } from './caller.ts';
import type { HttpFunction, Request } from './trigger.ts';

/** Who asks. @throws ServingError unless they may call the function */
export const authorized: (
  definition: Pick<HttpFunction, 'access'>,
  app: Pick<App, 'config'>,
  request: Pick<Request, 'headers' | 'query'>,
) => Caller = () => ANONYMOUS;
