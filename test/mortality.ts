/** Where a process stops: at its `call`th call of a port, before or after it took effect. */
export interface Crash {
  readonly call: number;
  readonly after: boolean;
  /** Of the calls, only these count; absent: all of them. */
  readonly of?: string;
}

/** What a process may do to the world until it stops for good: calls from then on never come back. */
export interface Mortality {
  /** The port as the process has it; methods in `spared` go through, for they are no promises. */
  readonly mortal: <Port extends object>(port: Port, spared?: readonly string[]) => Port;
  /** Resolves when the process has stopped. */
  readonly death: Promise<void>;
}

/** The life of one process; without a crash it goes on. */
export function mortality(crash?: Crash): Mortality {
  let calls = 0;
  let isDead = false;
  let die: () => void = () => undefined;
  const death = new Promise<void>((resolve) => {
    die = resolve;
  });
  const never = (): Promise<never> => {
    isDead = true;
    die();
    return new Promise(() => undefined);
  };
  const isLast = (name: string | symbol): boolean =>
    crash !== undefined && (crash.of === undefined || crash.of === name) && ++calls >= crash.call;
  return {
    mortal: (port, spared = []) =>
      new Proxy(port, {
        get(target, name) {
          const method: unknown = Reflect.get(target, name);
          if (typeof method !== 'function' || spared.includes(String(name))) return method;
          return async (...args: unknown[]): Promise<unknown> => {
            if (isDead) return never();
            const last = isLast(name);
            if (last && !crash?.after) return never();
            const answer: unknown = await Reflect.apply(method, target, args);
            return last ? never() : answer;
          };
        },
      }),
    death,
  };
}
