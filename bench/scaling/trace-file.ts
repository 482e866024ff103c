import { Random } from '../rollout/random.ts';
import type { Arrival, ArrivalKind, Trace } from './traces.ts';

const HEAD = 'seconds,kind,count';
const MOST = 5_000_000;

/**
 * A trace from CSV: `seconds,kind,count`, a line for what arrives within the second that begins
 * then (drawn by `seed`); kind is `http` or `chunk`, chunks arrive at once. The last line's second
 * ends the trace; one with the count 0 prolongs it.
 * @throws Error that names the line, what it held and what was expected
 */
export function parseTrace(name: string, text: string, seed = 1): Trace {
  const random = new Random(seed, name.length);
  const [head, ...lines] = text.trim().split(/\r?\n/);
  if (head?.trim() !== HEAD) throw new Error(`${name}: expected the first line ${HEAD}`);
  const arrivals: Arrival[] = [];
  let durationMs = 0;
  for (const [index, line] of lines.entries()) {
    const { second, kind, count } = parseLine(`${name}:${index + 2}`, line);
    if (arrivals.length + count > MOST) throw new Error(`${name}: more than ${MOST} arrivals`);
    for (let i = 0; i < count; i++) {
      const within = kind === 'http' ? random.uniform() : 0;
      arrivals.push({ at: (second + within) * 1_000, kind });
    }
    durationMs = Math.max(durationMs, (second + 1) * 1_000);
  }
  if (durationMs === 0) throw new Error(`${name}: expected lines after the first`);
  arrivals.sort((one, other) => one.at - other.at);
  return { name, about: `${arrivals.length} arrivals`, durationMs, arrivals };
}

function parseLine(
  where: string,
  line: string,
): { second: number; kind: ArrivalKind; count: number } {
  const [seconds, kind, count, ...rest] = line.split(',').map((cell) => cell.trim());
  const found = `expected ${HEAD}, got ${JSON.stringify(line)}`;
  if (rest.length > 0 || !seconds || !count) throw new Error(`${where}: ${found}`);
  if (kind !== 'http' && kind !== 'chunk') throw new Error(`${where}: kind: ${found}`);
  const [second, number] = [Number(seconds), Number(count)];
  if (!(second >= 0 && second < 1e7)) throw new Error(`${where}: seconds: ${found}`);
  if (!Number.isInteger(number) || number < 0) throw new Error(`${where}: count: ${found}`);
  return { second, kind, count: number };
}
