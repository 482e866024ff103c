/** A wait that can be cut short. */
export class Pause {
  #end: (() => void) | undefined;
  #cut = false;

  /** Resolves after `ms` with false, or with true at a `cut()` since the last wait. */
  async wait(ms: number): Promise<boolean> {
    if (!this.#cut) {
      await new Promise<void>((done) => {
        const timer = setTimeout(done, ms);
        this.#end = () => {
          clearTimeout(timer);
          done();
        };
      });
    }
    const cut = this.#cut;
    this.#end = undefined;
    this.#cut = false;
    return cut;
  }

  cut(): void {
    this.#cut = true;
    this.#end?.();
  }
}
