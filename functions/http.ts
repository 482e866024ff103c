import type { App } from '../shared/compose.ts';
import { ServingError } from '../shared/errors.ts';
import { asCaller } from './access.ts';
import { sendable } from './answer.ts';
import { choiceHeaders } from './choice-headers.ts';
import { declaredLength } from './content-length.ts';
import { bugAnswer, problemAnswer } from './problem.ts';
import { stackOf } from './stack.ts';
import { beginRequest } from './told.ts';
import type { Answer, Context, HttpFunction, Request } from './trigger.ts';

/** Runs an HTTP function. It never rejects, and what it answers can be sent. */
export function answerHttp(
  definition: HttpFunction,
  app: App,
  request: Request,
  context: Context,
): Promise<Answer> {
  const { operation, ended } = beginRequest(definition, app, request, context);
  const handle = () =>
    asCaller(definition, app, request, (caller) => {
      checkLength(request, app.config);
      return definition.handler(app, request, context, { caller, operation });
    });
  return guarded(request, context, handle, ended);
}

/**
 * The one catch at the HTTP edge: whatever `handle` throws becomes its problem document; a bug is
 * logged with its stack and answered without it. `ended` hears of either.
 */
export async function guarded(
  request: Request,
  context: Context,
  handle: () => Promise<Answer>,
  ended?: (error?: unknown) => void,
): Promise<Answer> {
  try {
    const answer = sendable(await handle());
    ended?.();
    return answer;
  } catch (error) {
    ended?.(error ?? new Error('nothing was thrown'));
    if (!(error instanceof ServingError)) {
      const answer = bugAnswer(request);
      log(context, 'error', `${answer.instance}: ${stackOf(error)}`);
      return answer;
    }
    const answer = problemAnswer(request, error.failure);
    const { choice } = error;
    if (answer.status >= 500) {
      const cause = error.cause === undefined ? '' : `; cause: ${stackOf(error.cause)}`;
      log(context, 'warn', `${answer.instance}: ${error.message}${cause}`);
    }
    return choice
      ? { ...answer, headers: { ...answer.headers, ...choiceHeaders(choice) } }
      : answer;
  }
}

/** @throws ServingError `lengthRequired`, `tooLarge`, `malformed` before a byte of the body is read */
function checkLength(request: Request, config: App['config']): void {
  // Over gRPC the Functions host hands a chunked body over as an empty one.
  if (!config.httpStreaming && request.headers.get('transfer-encoding')) {
    throw new ServingError({
      kind: 'lengthRequired',
      detail: 'body: came chunked, expected a Content-Length',
    });
  }
  declaredLength(request, config.maxBodyBytes);
}

/** A log that fails must not cost the caller the answer. */
function log(context: Context, level: 'warn' | 'error', text: string): void {
  try {
    context[level](text);
  } catch {
    process.stderr.write(`${level}: ${text}\n`);
  }
}
