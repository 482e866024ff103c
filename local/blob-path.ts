/** The blobs that a trigger's path (`container/prefix/{name}.onnx`) speaks of. */
export interface BlobPath {
  readonly container: string;
  /** What every name begins with: worth asking the service for. */
  readonly prefix: string;
  /** The path's parameters for a blob's name, undefined when it is none of them. */
  match(name: string): Readonly<Record<string, string>> | undefined;
}

/** Reads a blob trigger's path. A parameter takes slashes too, as little as it can but the last. */
export function parseBlobPath(path: string): BlobPath {
  const slash = path.indexOf('/');
  const container = slash < 0 ? path : path.slice(0, slash);
  const pattern = slash < 0 ? '{name}' : path.slice(slash + 1);
  if (container === '' || container.includes('{') || pattern === '') {
    throw new Error(
      `blob path: expected container/name or container/{name}, got ${JSON.stringify(path)}`,
    );
  }
  const parts = pattern.split(/\{([A-Za-z][A-Za-z0-9]*)\}/);
  const expression = parts.map((part, i) => (i % 2 ? `(?<${part}>.+?)` : escaped(part)));
  const whole = new RegExp(`^${expression.join('')}$`, 's');
  return {
    container,
    prefix: parts[0] ?? '',
    match: (name) => {
      const match = whole.exec(name);
      return match ? { ...match.groups } : undefined;
    },
  };
}

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
}
