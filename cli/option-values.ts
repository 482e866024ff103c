import { InvalidArgumentError } from 'commander';

// What an option's text means. @throws InvalidArgumentError

export function wholeNumber(text: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Expected a whole number.');
}

export function delimiter(text: string): string {
  if (text === 'tab' || text === '\\t') return '\t';
  if (/^[\t\x20-\x7e]$/.test(text)) return text;
  throw new InvalidArgumentError('Expected one ASCII character, or tab.');
}

/** `1,5,25,50,100`. */
export function percentages(text: string): number[] {
  const steps = text.split(',').map((step) => percentage(step.trim()));
  if (!steps.includes(undefined)) return steps as number[];
  throw new InvalidArgumentError('Expected percentages such as 1,5,25,50,100.');
}

/** `10` or `10:500`: percent of the requests, and how many of them. */
export function shadow(text: string): { percent: number; minRequests?: number } {
  const [percent = '', requests, ...rest] = text.split(':');
  const share = percentage(percent);
  if (share !== undefined && rest.length === 0) {
    if (requests === undefined) return { percent: share };
    if (/^\d{1,9}$/.test(requests)) return { percent: share, minRequests: Number(requests) };
  }
  throw new InvalidArgumentError('Expected a percentage, or one with requests such as 10:500.');
}

function percentage(text: string): number | undefined {
  const value = /^\d{1,3}(?:\.\d{1,6})?$/.test(text) ? Number(text) : Number.NaN;
  return value <= 100 ? value : undefined;
}
