/** Calls `end` once nobody has used something for a while. */
export class Unused {
  readonly #end: () => void;
  readonly #graceMs: number;
  #users = 0;
  #timer: NodeJS.Timeout | undefined;

  /** `graceMs`: how long after its last user the next one may come. */
  constructor(end: () => void, graceMs: number) {
    this.#end = end;
    this.#graceMs = graceMs;
  }

  /** Gives the first user `ms` to come, unless somebody has come already. */
  expectFirst(ms: number): void {
    if (this.#users === 0) this.#endAfter(ms);
  }

  /** Tells how many use it now. */
  usedBy(users: number): void {
    this.#users = users;
    if (users > 0) clearTimeout(this.#timer);
    else this.#endAfter(this.#graceMs);
  }

  #endAfter(ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.#end, ms);
  }
}
