/** Something that is made when it is first asked for; a making that failed is tried again. */
export interface Lazy<T> {
  /** Everyone who asks while it is being made waits for the one that is in the making. */
  get(): Promise<T>;
  /** What stands or is in the making; undefined when nobody has asked yet. */
  peek(): Promise<T> | undefined;
}

export function lazily<T>(make: () => Promise<T>): Lazy<T> {
  let made: Promise<T> | undefined;
  return {
    get: () => {
      if (made) return made;
      const making = make();
      made = making;
      making.catch(() => {
        if (made === making) made = undefined;
      });
      return making;
    },
    peek: () => made,
  };
}
