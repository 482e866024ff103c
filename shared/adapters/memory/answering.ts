/** As a real store does: answers later, and fails by rejecting. */
export function answering<Args extends unknown[], T>(work: (...args: Args) => T) {
  // eslint-disable-next-line @typescript-eslint/require-await -- so that what `work` throws rejects
  return async (...args: Args): Promise<T> => work(...args);
}
