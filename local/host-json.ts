/** What the local host takes from host.json. */
export interface HostSettings {
  /** Without slashes at its ends; empty for none. */
  readonly routePrefix: string;
  readonly queues: QueueSettings;
}

export interface QueueSettings {
  /** Messages fetched at once. */
  readonly batchSize: number;
  /** More are fetched when no more than this many are being handled. */
  readonly newBatchThreshold: number;
  /** Tries before a message goes to the poison queue. */
  readonly maxDequeueCount: number;
  /** How long a message whose handling failed stays hidden. */
  readonly visibilityTimeoutMs: number;
  readonly maxPollingIntervalMs: number;
  readonly messageEncoding: 'base64' | 'none';
}

const TIME_SPAN = /^(?:(\d{1,8})\.)?(\d{1,2}):(\d{2}):(\d{2})(?:\.(\d{1,7}))?$/;

/** Reads the value of a host.json. @throws Error that names each wrong member */
export function parseHostJson(value: unknown): HostSettings {
  const wrong: string[] = [];
  const root = new Members(value, '', wrong);
  root.oneOf('version', ['2.0']);
  const extensions = root.members('extensions');
  const http = extensions.members('http');
  const queues = extensions.members('queues');
  // The defaults are those of the Functions host.
  const routePrefix = http.text('routePrefix', 'api');
  const batchSize = queues.count('batchSize', 16, { least: 1, most: 32 });
  const settings: HostSettings = {
    routePrefix: routePrefix.replace(/^\/+|\/+$/g, ''),
    queues: {
      batchSize,
      newBatchThreshold: queues.count('newBatchThreshold', Math.floor(batchSize / 2)),
      maxDequeueCount: queues.count('maxDequeueCount', 5, { least: 1 }),
      visibilityTimeoutMs: queues.timeSpan('visibilityTimeout', '00:00:00'),
      maxPollingIntervalMs: queues.timeSpan('maxPollingInterval', '00:01:00'),
      messageEncoding: queues.oneOf('messageEncoding', ['base64', 'none'], 'base64'),
    },
  };
  if (wrong.length > 0) throw new Error(`host.json: ${wrong.join('; ')}`);
  return settings;
}

/** The members of one object; what is wrong goes to a list. Not zod: every start would wait for it. */
class Members {
  readonly #members: Readonly<Record<string, unknown>>;
  readonly #path: string;
  readonly #wrong: string[];

  constructor(value: unknown, path: string, wrong: string[]) {
    this.#path = path;
    this.#wrong = wrong;
    this.#members = {};
    if (typeof value === 'object' && value !== null) this.#members = { ...value };
    else wrong.push(`${path || 'its value'}: expected an object, got ${JSON.stringify(value)}`);
  }

  /** Absent is empty. */
  members(name: string): Members {
    return new Members(this.#members[name] ?? {}, this.#pathOf(name), this.#wrong);
  }

  text(name: string, fallback: string): string {
    const value = this.#members[name] ?? fallback;
    return typeof value === 'string' ? value : this.#expected(name, 'a text', fallback);
  }

  count(
    name: string,
    fallback: number,
    { least = 0, most = Number.MAX_SAFE_INTEGER } = {},
  ): number {
    const value = this.#members[name] ?? fallback;
    if (Number.isInteger(value) && Number(value) >= least && Number(value) <= most) {
      return Number(value);
    }
    return this.#expected(name, `a whole number from ${least} to ${most}`, fallback);
  }

  /** `fallback` absent: it must be there. */
  oneOf<Word extends string>(
    name: string,
    words: readonly [Word, ...Word[]],
    fallback?: Word,
  ): Word {
    const value = this.#members[name] ?? fallback;
    return (
      words.find((word) => word === value) ?? this.#expected(name, words.join(' or '), words[0])
    );
  }

  /** .NET's `[d.]hh:mm:ss[.fraction]`, in milliseconds. */
  timeSpan(name: string, fallback: string): number {
    const match = TIME_SPAN.exec(this.text(name, fallback));
    if (!match) return this.#expected(name, 'hh:mm:ss', 0);
    const [, days, hours, minutes, seconds, fraction] = match;
    const whole = ((Number(days ?? 0) * 24 + Number(hours)) * 60 + Number(minutes)) * 60;
    return (whole + Number(seconds) + Number(`0.${fraction ?? 0}`)) * 1000;
  }

  #expected<T>(name: string, what: string, instead: T): T {
    const got = JSON.stringify(this.#members[name]);
    this.#wrong.push(`${this.#pathOf(name)}: expected ${what}, got ${got}`);
    return instead;
  }

  #pathOf(name: string): string {
    return this.#path === '' ? name : `${this.#path}.${name}`;
  }
}
