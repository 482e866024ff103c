import { type Asked, problem, type Told } from './told.ts';

/** Rollouts of the model `churn`: one moves on a stage each time it is looked at. */
export class StandInRollouts {
  readonly rollouts: Record<string, unknown>[] = [];
  /** How the next ones end; `held`: they stay where they are. */
  ending: 'completed' | 'rolledBack' | 'held' = 'completed';
  readonly #byKey = new Map<string, Record<string, unknown>>();

  answer(asked: Asked): Told {
    const [pathname = '', search = ''] = asked.path.split('?', 2);
    const [, , model, , id, command] = pathname.split('/');
    if (model !== 'churn')
      return problem(404, `Request for unknown model: "${model ?? ''}" is not found`);
    if (id === undefined) return asked.method === 'POST' ? this.#start(asked) : this.#list(search);
    const rollout = this.rollouts.find((one) => one.id === id);
    if (!rollout) return problem(404, `there is no rollout ${id}`);
    if (command !== undefined) return this.#command(rollout, command);
    const document = structuredClone(rollout);
    this.#step(rollout);
    return { status: 200, body: document };
  }

  #start({ headers, body }: Asked): Told {
    const key = headers['idempotency-key'] ?? '';
    const asked = JSON.parse(body.toString('utf8')) as Record<string, unknown>;
    const rollout = this.#byKey.get(key) ?? {
      id: `r${this.rollouts.length + 1}`,
      state: 'running',
      from: '1',
      percent: 1,
      stage: { number: 0, kind: 'canary', percent: 1 },
      steps: [1, 25, 100],
      createdAt: '2030-01-01T00:00:00.000Z',
      ...asked,
    };
    if (!this.#byKey.has(key)) this.rollouts.unshift(rollout);
    this.#byKey.set(key, rollout);
    return { status: 201, body: rollout };
  }

  #list(search: string): Told {
    const limit = Number(new URLSearchParams(search).get('limit'));
    return { status: 200, body: { rollouts: this.rollouts.slice(0, limit) } };
  }

  #command(rollout: Record<string, unknown>, command: string): Told {
    const states: Record<string, string> = {
      pause: 'paused',
      resume: 'running',
      promote: 'completed',
      abort: 'aborted',
    };
    rollout.state = states[command];
    return { status: 200, body: { ...rollout, model: { name: 'churn' } } };
  }

  #step(rollout: Record<string, unknown>): void {
    if (rollout.state !== 'running' || this.ending === 'held') return;
    if (rollout.percent === 1) {
      Object.assign(rollout, {
        percent: 25,
        stage: { number: 1, kind: 'canary', percent: 25 },
        verdict: { decision: 'advance', why: 'no harm in 120 requests', figures: { errors: 0.5 } },
      });
      return;
    }
    const why = this.ending === 'completed' ? 'the last step is over' : 'errors 3 % against 1 %';
    Object.assign(rollout, { state: this.ending, finishedAt: '2030-01-01T00:01:00.000Z', why });
  }
}
