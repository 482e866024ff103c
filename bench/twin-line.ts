/** Where both of twin.ts can be reached. */
export interface Twins {
  readonly told: number;
  readonly untold: number;
}

/** How it says so. */
export function twinLine(twins: Twins): string {
  return `twins ${JSON.stringify(twins)}`;
}

/** What such a line says; undefined when it is another line. */
export function twinsIn(line: string): Twins | undefined {
  return line.startsWith('twins ') ? (JSON.parse(line.slice(6)) as Twins) : undefined;
}
