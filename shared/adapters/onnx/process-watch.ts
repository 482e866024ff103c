import { readFileSync } from 'node:fs';

const POLL_MS = 25;
/** A process that got less CPU than this part of its time was starved, not stuck. */
const FAIR_SHARE = 1 / 4;
/** Patience with a starved process, in times of its limit. */
const PATIENCE = 4;
/** `/proc` counts CPU time in USER_HZ, which is 100 on every Linux that Node runs on. */
const TICK_MS = 10;

export type Limit =
  | { readonly kind: 'tooLong'; readonly limitMs: number }
  | { readonly kind: 'tooLarge'; readonly bytes: number }
  /** The machine was too busy for the process to show what it can do. */
  | { readonly kind: 'starved'; readonly ms: number };

export interface ProcessWatch {
  stop(): void;
  /** The most resident memory seen; 0 where it can't be seen. */
  peakBytes(): number;
}

/**
 * Watches a process's memory (where `/proc` tells it) and time, and says once which limit it
 * passed. Time counts from now; a process that the machine kept waiting gets more of it.
 */
export function watchProcess(
  pid: number | undefined,
  limits: { timeoutMs: number; memoryBytes: number },
  onLimit: (limit: Limit) => void,
): ProcessWatch {
  const began = performance.now();
  const cpuBefore = cpuMs(pid);
  let peak = 0;
  const timer = setInterval(() => {
    const bytes = residentBytes(pid);
    peak = Math.max(peak, bytes);
    if (bytes > limits.memoryBytes) pass({ kind: 'tooLarge', bytes });
    const ms = performance.now() - began;
    if (ms <= limits.timeoutMs) return;
    if (cpuSince(cpuBefore) >= limits.timeoutMs * FAIR_SHARE)
      pass({ kind: 'tooLong', limitMs: limits.timeoutMs });
    else if (ms > limits.timeoutMs * PATIENCE) pass({ kind: 'starved', ms });
  }, POLL_MS);
  const cpuSince = (before: number): number => {
    const now = cpuMs(pid);
    return Number.isFinite(now) && Number.isFinite(before) ? now - before : now;
  };
  const pass = (limit: Limit) => {
    clearInterval(timer);
    onLimit(limit);
  };
  return {
    stop: () => {
      clearInterval(timer);
    },
    peakBytes: () => peak,
  };
}

/** Resident memory; 0 when there is no `/proc`, or the process has ended. */
function residentBytes(pid: number | undefined): number {
  const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(proc(pid, 'status'))?.[1];
  return Number(kilobytes ?? 0) * 1024;
}

/** CPU time of all threads so far; infinite where it can't be seen, so that the clock decides. */
function cpuMs(pid: number | undefined): number {
  // The fields after the command's name, which may hold spaces: 11 and 12 are user and system time.
  const fields = proc(pid, 'stat').split(') ').at(-1)?.split(' ') ?? [];
  const [user, system] = [fields[11], fields[12]];
  if (user === undefined || system === undefined) return Number.POSITIVE_INFINITY;
  return (Number(user) + Number(system)) * TICK_MS;
}

function proc(pid: number | undefined, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return '';
  }
}
