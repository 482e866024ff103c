import { etagOf } from '../shared/registry/etag.ts';
import type { ModelRecord } from '../shared/registry/model-record.ts';
import { type Judgement, type Rollout, takenPercent } from '../shared/rollout/rollout.ts';
import { json } from './answer.ts';
import { modelDocument } from './model-document.ts';
import type { Answer } from './trigger.ts';

/** A rollout as GET answers it; `judgement` is what was found just now, where that was asked. */
export function rolloutDocument(
  rollout: Rollout,
  judgement: Judgement | undefined = rollout.judgement,
) {
  const { id, plan, stage, status, startedBy, slowMs, createdAt } = rollout;
  const { version, from, steps, minRequests, minSeconds, shadow, allowBreaking } = plan;
  return {
    id,
    state: status.state,
    version: String(version),
    from: String(from),
    percent: takenPercent(rollout),
    stage,
    steps,
    minRequests,
    minSeconds,
    ...(shadow && { shadow }),
    allowBreaking,
    startedBy,
    createdAt,
    ...(slowMs !== undefined && { slowMs }),
    ...(judgement && { verdict: judgement }),
    ...('finishedAt' in status && { finishedAt: status.finishedAt }),
    ...('why' in status && { why: status.why }),
  };
}

/** A rollout that was changed, and beside its members those of the model as it then is. */
export function rolloutAnswer(
  { record, rollout }: { readonly record: ModelRecord; readonly rollout: Rollout },
  {
    status = 200,
    headers = {},
  }: { status?: number; headers?: Readonly<Record<string, string>> } = {},
): Answer {
  const { rollout: _, ...model } = modelDocument(record);
  return json(
    status,
    { ...model, ...rolloutDocument(rollout) },
    { etag: etagOf(record), ...headers },
  );
}
