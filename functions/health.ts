import type { App } from '../shared/compose.ts';
import { ServingError } from '../shared/errors.ts';
import { json } from './answer.ts';
import { problemAnswer } from './problem.ts';
import { stackOf } from './stack.ts';
import type { Context, HttpFunction } from './trigger.ts';

/** A dependency that has not answered by then counts as down. */
const PING_TIMEOUT_MS = 2_000;
/** Probes come often and from everywhere: one look at the dependencies serves them all this long. */
const CACHE_MS = 1_000;

export const liveFunction: HttpFunction = {
  kind: 'http',
  name: 'health-live',
  route: 'v2/health/live',
  methods: ['GET'],
  access: 'anonymous',
  handler: () => Promise.resolve(json(200, { live: true })),
};

export const readyFunction: HttpFunction = {
  kind: 'http',
  name: 'health-ready',
  route: 'v2/health/ready',
  methods: ['GET'],
  access: 'anonymous',
  handler: async (app, request, context) => {
    const reasons = [...app.engine.ailments(), ...(await dependencyReasons(app, context))];
    if (reasons.length === 0) return json(200, { ready: true });
    const detail = `not ready: ${reasons.join('; ')}`;
    return problemAnswer(
      request,
      { kind: 'unavailable', detail, retryAfterSeconds: CACHE_MS / 1000 },
      { ready: false, reasons },
    );
  },
};

type Dependencies = Pick<App, 'artifacts' | 'registry' | 'clock'>;

const looks = new WeakMap<Dependencies, { at: number; reasons: Promise<string[]> }>();

/** Why storage or registry can't be used, empty when they can; looked up at most once a second. */
function dependencyReasons(app: Dependencies, context: Context): Promise<string[]> {
  const now = app.clock();
  const last = looks.get(app);
  if (last && now >= last.at && now < last.at + CACHE_MS) return last.reasons;
  const reasons = Promise.all([
    reasonOf('storage', () => app.artifacts.ping(), context),
    reasonOf('registry', () => app.registry.ping(), context),
  ]).then((found) => found.filter((reason) => reason !== undefined));
  looks.set(app, { at: now, reasons });
  return reasons;
}

async function reasonOf(
  name: string,
  ping: () => Promise<void>,
  context: Context,
): Promise<string | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<string>((resolve) => {
    timer = setTimeout(resolve, PING_TIMEOUT_MS, `${name}: no answer in ${PING_TIMEOUT_MS} ms`);
  });
  try {
    return (await Promise.race([ping(), late])) ?? undefined;
  } catch (error) {
    if (error instanceof ServingError) return `${name}: ${error.message}`;
    context.error(`health-ready: ${name}: ${stackOf(error)}`);
    return `${name}: failed; the log says how`;
  } finally {
    clearTimeout(timer);
  }
}
