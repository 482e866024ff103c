import type { Request } from './trigger.ts';

/** Who asks, as the model's history names them. Until access is controlled, nobody says who they are. */
export const callerOf: (request: Pick<Request, 'headers'>) => string = () => 'anonymous';
