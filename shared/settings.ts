/** How to reach an Azure resource: by identity (the usual way) or with a connection string. */
export type Connection<Endpoints> =
  | { readonly kind: 'identity'; readonly endpoints: Endpoints; readonly clientId?: string }
  | { readonly kind: 'connectionString'; readonly connectionString: string };

/** As `process.env` has it. */
export type Env = Readonly<Record<string, string | undefined>>;

/**
 * The environment as settings of a kind each. What is wrong is gathered, so that all of it is told
 * at once. Not zod: every start would wait for it.
 */
export class Settings {
  readonly #env: Env;
  readonly #wrong: string[] = [];

  constructor(env: Env) {
    this.#env = env;
  }

  /** A positive integer of at most `most`. */
  count(name: string, fallback: number, most = Number.MAX_SAFE_INTEGER): number {
    const found = this.number(name, fallback, { least: 1, most });
    if (!Number.isInteger(found)) this.#expected(name, 'a whole number');
    return found;
  }

  number(name: string, fallback: number, { least, most }: { least: number; most: number }): number {
    const text = this.#env[name];
    if (text === undefined) return fallback;
    const found = text.trim() === '' ? Number.NaN : Number(text);
    if (found >= least && found <= most) return found;
    this.#expected(name, `a number from ${least} to ${most}`);
    return fallback;
  }

  text(name: string, fallback: string): string {
    const text = this.#env[name];
    if (text === '') this.#expected(name, 'a text, or to be unset');
    return text ?? fallback;
  }

  /** Unset and empty are the same. */
  optional(name: string): string | undefined {
    return this.#env[name] || undefined;
  }

  flag(name: string, fallback: boolean): boolean {
    const text = this.#env[name];
    if (text !== undefined && text !== 'true' && text !== 'false') {
      this.#expected(name, 'true or false');
    }
    return text === undefined ? fallback : text === 'true';
  }

  /** One of them, the first unless it is set. */
  choice<Choice extends string>(name: string, choices: readonly [Choice, ...Choice[]]): Choice {
    const text = this.#env[name];
    const chosen = choices.find((choice) => choice === (text ?? choices[0]));
    if (chosen === undefined) this.#expected(name, `one of ${choices.join(', ')}`);
    return chosen ?? choices[0];
  }

  /**
   * The platform sets this when it checks who signs in. Without that, whoever asks could write the
   * header that says who they are.
   */
  signedInByPlatform(wantedBy: string): void {
    const name = 'WEBSITE_AUTH_ENABLED';
    if (this.#env[name]?.toLowerCase() === 'true') return;
    this.#wrong.push(
      `${wantedBy}: held "roles", but ${name} is not True: the platform's authentication is off, so nobody checks who callers are. Turn it on (parameter signInClientId of infra/main.bicep; locally --auth), or set ${wantedBy} to keys`,
    );
  }

  /** By a connection string in `prefix`, else by URLs in `{prefix}__{setting}`. */
  connection<Name extends string>(
    prefix: string,
    endpointSettings: Readonly<Record<Name, string>>,
  ): Connection<Record<Name, string>> {
    const connectionString = this.#env[prefix];
    if (connectionString) return { kind: 'connectionString', connectionString };
    const endpoints: Partial<Record<Name, string>> = {};
    for (const name of Object.keys(endpointSettings) as Name[]) {
      endpoints[name] = this.#url(`${prefix}__${endpointSettings[name]}`, prefix);
    }
    const clientId = this.#env[`${prefix}__clientId`];
    return {
      kind: 'identity',
      endpoints: endpoints as Record<Name, string>,
      ...(clientId && { clientId }),
    };
  }

  #url(name: string, alternative: string): string {
    const text = this.#env[name];
    if (!text) {
      this.#wrong.push(
        `${name}: not set. Set it to the service's URL (identity-based), or ${alternative} to a connection string`,
      );
    } else if (!URL.canParse(text) || !/^https?:\/\//i.test(text)) {
      this.#expected(name, 'an http or https URL');
    }
    return text ?? '';
  }

  /** Only for settings that may be shown. */
  #expected(name: string, what: string): void {
    this.#wrong.push(`${name}: held ${JSON.stringify(this.#env[name])}; expected ${what}`);
  }

  /** @throws Error with a line for each wrong setting */
  refuseIfWrong(): void {
    if (this.#wrong.length > 0) throw new Error(this.#wrong.join('\n'));
  }
}
