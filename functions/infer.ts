import type { App } from '../shared/compose.ts';
import { ServingError } from '../shared/errors.ts';
import { parseModelName, parseVersionOrAlias, quoted } from '../shared/ids.ts';
import type { InferTimings } from '../shared/ports/engine.ts';
import { coldStartLine } from '../shared/telemetry/cold-start.ts';
import { predict } from '../shared/usecases/predict.ts';
import { readBody } from './body.ts';
import { choiceHeaders } from './choice-headers.ts';
import type { Answer, Call, Context, HttpFunction, Request } from './trigger.ts';

const HEADER_LENGTH = 'inference-header-content-length';

export const inferFunction: HttpFunction = {
  kind: 'http',
  name: 'infer',
  route: 'v2/models/{model}/infer',
  methods: ['POST'],
  access: 'Scorer',
  predicts: true,
  handler: infer,
};

export const inferVersionFunction: HttpFunction = {
  kind: 'http',
  name: 'infer-version',
  route: 'v2/models/{model}/versions/{version}/infer',
  methods: ['POST'],
  access: 'Scorer',
  predicts: true,
  handler: infer,
};

async function infer(
  app: App,
  request: Request,
  context: Context,
  { operation }: Call,
): Promise<Answer> {
  const asked = app.coldStart.asked();
  const { params, headers } = request;
  const model = parseModelName(params['model'] ?? '');
  const { version } = params;
  const wanted = version === undefined ? undefined : parseVersionOrAlias(version);
  const headerLength = parseHeaderLength(headers.get(HEADER_LENGTH));
  const hold = app.bodies.hold();
  try {
    const body = await readBody(request, app.config.maxBodyBytes, hold, headerLength);
    const predicted = await predict(app, {
      model,
      wanted,
      routingKey: headers.get('x-routing-key') ?? headers.get('x-request-id') ?? undefined,
      body,
      headerLength,
      contentEncoding: headers.get('content-encoding') ?? undefined,
      acceptEncoding: headers.get('accept-encoding') ?? undefined,
      operation,
    });
    const coldStart = app.coldStart.answered(asked);
    if (coldStart) {
      context.log(coldStartLine(coldStart));
      app.telemetry.started(coldStart);
    }
    return answerOf(predicted);
  } finally {
    hold.release();
  }
}

function answerOf({ answer, choice }: Awaited<ReturnType<typeof predict>>): Answer {
  const { headerLength, contentEncoding } = answer;
  const headers: Record<string, string> = {
    'content-type': headerLength === undefined ? 'application/json' : 'application/octet-stream',
    vary: 'accept-encoding',
    ...choiceHeaders(choice),
    'server-timing': serverTiming(answer.timings),
  };
  if (headerLength !== undefined) headers[HEADER_LENGTH] = String(headerLength);
  if (contentEncoding) headers['content-encoding'] = contentEncoding;
  return {
    status: 200,
    headers,
    body: answer.body,
  };
}

function parseHeaderLength(text: string | null): number | undefined {
  if (text === null) return undefined;
  if (!/^[0-9]{1,10}$/.test(text)) {
    throw new ServingError({
      kind: 'malformed',
      detail: `Inference-Header-Content-Length: expected a count of bytes, got ${quoted(text)}`,
    });
  }
  return Number(text);
}

/** In ms, as the header's standard wants it. */
function serverTiming({ decode, queue, infer, encode }: InferTimings): string {
  return `decode;dur=${ms(decode)}, queue;dur=${ms(queue)}, infer;dur=${ms(infer)}, encode;dur=${ms(encode)}`;
}

/** Nanoseconds as ms with three digits: `toFixed` takes several times as long. */
function ms(ns: number): string {
  const micros = Math.round(ns / 1000);
  const rest = micros % 1000;
  return `${(micros - rest) / 1000}.${rest < 10 ? '00' : rest < 100 ? '0' : ''}${rest}`;
}
