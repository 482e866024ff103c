import { readFileSync } from 'node:fs';

/**
 * Bytes of this process's memory that stand for no file: what a session's copies take, and mapped
 * weights don't. Where the kernel doesn't tell, all resident memory.
 */
export function anonymousBytes(): number {
  try {
    // A few counters: `smaps` would walk every page, for milliseconds.
    const kilobytes = /^RssAnon:\s+([0-9]+) kB$/m.exec(readFileSync('/proc/self/status', 'latin1'));
    if (kilobytes) return Number(kilobytes[1]) * 1024;
  } catch {
    // Not Linux.
  }
  return process.memoryUsage.rss();
}
