/** Calls `end` once nobody has used something for a while. */
export class Unused {
  readonly #end: () => void;
  readonly #graceMs: number;
  #users = 0;
  #expecting = false;
  #timer: NodeJS.Timeout | undefined;

  /** `graceMs`: how long after its last user the next one may come. */
  constructor(end: () => void, graceMs: number) {
    this.#end = end;
    this.#graceMs = graceMs;
  }

  /**
   * It can be used now: gives the first user `ms` to come, unless somebody is there already. Before
   * this nothing ends, whoever came and went.
   */
  expectFirst(ms: number): void {
    this.#expecting = true;
    if (this.#users === 0) this.#endAfter(ms);
  }

  /** Tells how many use it now. */
  usedBy(users: number): void {
    this.#users = users;
    if (users > 0) clearTimeout(this.#timer);
    else if (this.#expecting) this.#endAfter(this.#graceMs);
  }

  #endAfter(ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.#end, ms);
  }
}
