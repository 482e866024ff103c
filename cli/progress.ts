import type { Globals } from './terminal.ts';
import { count, duration, size } from './text-forms.ts';

/** Shows how far something is. */
export interface Progress {
  /** `fraction` is from 0 to 1. */
  show(fraction: number, note: string): void;
  /** Leaves nothing on the screen; again is no error. */
  end(): void;
}

const BAR_STEPS = 1_000;
/** Where there is no screen, a line now and then. */
const LINE_EVERY_MS = 30_000;

/** A bar on a screen, lines in a log, nothing for scripts. */
export async function openProgress({ terminal, json }: Globals, label: string): Promise<Progress> {
  if (json) return { show: () => undefined, end: () => undefined };
  const { screen } = terminal;
  if (!screen) {
    let last = terminal.now();
    return {
      show(fraction, note) {
        if (terminal.now() - last < LINE_EVERY_MS) return;
        last = terminal.now();
        terminal.say(`${label}: ${Math.floor(fraction * 100)} % · ${note}`);
      },
      end: () => undefined,
    };
  }
  const { default: cliProgress } = await import('cli-progress');
  const bar = new cliProgress.SingleBar({
    stream: screen,
    format: `${label} {bar} {percentage} % · {note}`,
    barCompleteChar: '█',
    barIncompleteChar: '░',
    barsize: 24,
    clearOnComplete: true,
  });
  bar.start(BAR_STEPS, 0, { note: '' });
  return {
    show: (fraction, note) => {
      bar.update(Math.floor(Math.min(1, fraction) * BAR_STEPS), { note });
    },
    end: () => {
      bar.stop();
    },
  };
}

/** What is said of bytes on their way: how many, how fast, how long yet. */
export function transferNote(moved: { bytes: number; total: number; seconds: number }): string {
  const { bytes, total, seconds } = moved;
  const rate = seconds > 0 ? bytes / seconds : 0;
  const left = rate > 0 ? ` · ${duration((total - bytes) / rate)} left` : '';
  return `${size(bytes)} of ${size(total)}${rate > 0 ? ` · ${size(rate)}/s` : ''}${left}`;
}

/** What is said of a job that runs; `rate` in rows a second, `left` in seconds, where known. */
export function scoringNote(job: {
  rows: number;
  chunks: { done: number; total: number };
  rate: number | undefined;
  left: number | undefined;
}): string {
  return [
    `${count(job.rows)} rows`,
    `${count(job.chunks.done)} of ${count(job.chunks.total)} chunks`,
    ...(job.rate === undefined ? [] : [`${count(job.rate)} rows/s`]),
    ...(job.left === undefined ? [] : [`${duration(job.left)} left`]),
  ].join(' · ');
}
