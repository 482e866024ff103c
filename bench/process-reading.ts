import { readFile } from 'node:fs/promises';

/** What Linux counts CPU time in, whatever the machine. */
const TICKS_PER_SECOND = 100;

/** CPU time that all threads of a process have used, from `/proc/{pid}/stat`. */
export function cpuSecondsOf(stat: string): number {
  // The second field, the command, may hold anything; the 14th and 15th are user and system ticks.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ticks = Number(fields[11]) + Number(fields[12]);
  if (!Number.isFinite(ticks)) throw new Error(`expected a process's stat, got ${stat}`);
  return ticks / TICKS_PER_SECOND;
}

export interface MemoryReading {
  /** Resident: files mapped by several processes count in each. */
  readonly residentBytes: number;
  /**
   * Written by this process alone: what nothing but its end would free. Pages of mapped files that
   * nobody wrote to are not in it; the system drops them when it needs room.
   */
  readonly privateBytes: number;
}

/** Memory, from `/proc/{pid}/smaps_rollup`. */
export function memoryOf(rollup: string): MemoryReading {
  const bytes = (name: string): number => {
    const found = new RegExp(`^${name}: +(\\d+) kB$`, 'm').exec(rollup)?.[1];
    if (found === undefined) throw new Error(`expected ${name} in ${rollup}`);
    return Number(found) * 1024;
  };
  return {
    residentBytes: bytes('Rss'),
    privateBytes: bytes('Private_Dirty'),
  };
}

export async function readCpuSeconds(pid: number): Promise<number> {
  return cpuSecondsOf(await readFile(`/proc/${pid}/stat`, 'utf8'));
}

export async function readMemory(pid: number): Promise<MemoryReading> {
  return memoryOf(await readFile(`/proc/${pid}/smaps_rollup`, 'utf8'));
}
