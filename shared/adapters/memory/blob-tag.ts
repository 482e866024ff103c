const tags = new WeakMap<Uint8Array, string>();
let given = 0;

/** The ETag of a blob in memory: the identity of its bytes, which are replaced, never changed. */
export function tagOf(bytes: Uint8Array): string {
  const known = tags.get(bytes) ?? `"${++given}"`;
  tags.set(bytes, known);
  return known;
}
