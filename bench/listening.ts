/** How every server that is measured says where it can be reached: as this project does. */
export function listeningLine(port: number): string {
  return `listens on http://127.0.0.1:${port}`;
}

/** The port in such a line; undefined when it is another line. */
export function portIn(line: string): number | undefined {
  const port = /listens on http:\/\/127\.0\.0\.1:(\d+)/.exec(line)?.[1];
  return port === undefined ? undefined : Number(port);
}
