/**
 * Every metric that an instance tells of, with its dimensions. Alerts, the workbook and scale rules
 * name them too. `version` is a number as text; `route` is how a request came to its version:
 * production, candidate, alias or pinned.
 */
export const METRICS = {
  /** Inference requests that ended; `outcome` is `ok`, a failure's kind or `bug`. */
  requests: { name: 'pilotlight.requests', by: ['model', 'version', 'route', 'outcome'] },
  /** From a request's arrival to its answer, of those that were answered; with a sketch. */
  latency: { name: 'pilotlight.request.ms', by: ['model', 'version', 'route'], sketched: true },
  /** What a request waited for a thread; with a sketch. */
  queueWait: { name: 'pilotlight.queue.ms', by: ['model', 'version', 'route'], sketched: true },
  /** The model's run alone; with a sketch. */
  infer: { name: 'pilotlight.infer.ms', by: ['model', 'version', 'route'], sketched: true },
  /** The p95 of a run that the version's card allows. */
  budget: { name: 'pilotlight.budget.ms', by: ['model', 'version'] },
  /** Rows of a run of the model; a value a run. */
  batchSize: { name: 'pilotlight.batch.rows', by: ['model', 'version'] },
  /** Rows that were scored; `source` is `http` or `batch`. */
  rows: { name: 'pilotlight.rows', by: ['model', 'version', 'source'] },
  /** Rows of batches that could not be scored. */
  failedRows: { name: 'pilotlight.rows.failed', by: ['model', 'version'] },
  /**
   * An instance's way to its first answer, without what it idled; `phase` is `total` or one of
   * telemetry/cold-start.ts.
   */
  coldStart: { name: 'pilotlight.coldstart.ms', by: ['phase', 'prepared'] },
  /** Requests that found their model loaded. */
  cacheHits: { name: 'pilotlight.cache.hits', by: ['model', 'version'] },
  /** From the first wish for a model to its being loaded; a value a load. */
  loads: { name: 'pilotlight.load.ms', by: ['model', 'version'] },
  evictions: { name: 'pilotlight.evictions', by: ['model', 'version'] },
  /** What a loaded model takes. */
  modelBytes: { name: 'pilotlight.model.bytes', by: ['model', 'version'] },
  /** How late the main thread's timers fire; the highest of a second. */
  loopDelay: { name: 'pilotlight.loop.delay.ms', by: [] },
  rss: { name: 'pilotlight.rss.bytes', by: [] },
  /** Rows that run or wait, of as many as can run at once; looked at every second; above 1: they wait. */
  saturation: { name: 'pilotlight.saturation', by: [] },
  /** Messages that were given up by their queue. */
  poison: { name: 'pilotlight.poison', by: ['queue'] },
  /** Work that stood still and was sent on again; `what` is `registration` or `batch`. */
  stuck: { name: 'pilotlight.stuck', by: ['what'] },
  /** Registrations that ended; `outcome` is `ready` or `rejected`. */
  registrations: { name: 'pilotlight.registrations', by: ['model', 'outcome'] },
  /** Batch jobs that ended; `outcome` is `completed`, `failed` or `cancelled`. */
  batches: { name: 'pilotlight.batches', by: ['model', 'outcome'] },
  /** What rollouts did; `outcome` is `started`, `advanced`, `completed`, `rolledBack`, `paused`, … */
  rollouts: { name: 'pilotlight.rollouts', by: ['model', 'outcome'] },
  /**
   * Telemetry that had no room or could not be sent; `what` is `span`, `exception`, `series`, `batch`
   * or `refused`.
   */
  dropped: { name: 'pilotlight.telemetry.dropped', by: ['what'] },
} as const;

export type MetricName = (typeof METRICS)[keyof typeof METRICS]['name'];
