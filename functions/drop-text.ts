import type { DropStatus } from '../shared/drops/drop.ts';

/** What has become of a dropped model, as a line of the log. */
export function dropText(path: string, status: DropStatus): string {
  const version = 'version' in status ? ` as version ${status.version}` : '';
  return `incoming/${path}${version}: ${outcomeOf(status)}`;
}

function outcomeOf(status: DropStatus): string {
  if (status.state === 'decided' || status.state === 'settled') {
    return [status.outcome, ...status.reasons].join('; ');
  }
  const waits = status.state === 'registered' ? status.waits : undefined;
  return waits === undefined ? status.state : `${status.state}; ${waits}`;
}
