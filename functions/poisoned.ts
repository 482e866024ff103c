import type { App } from '../shared/compose.ts';
import { METRICS } from '../shared/telemetry/metric-names.ts';
import { isGivenUp } from './message.ts';

/** Deals with a message that `queue` gave up: counted once it is done with, not at each try. */
export async function dealWithPoisoned(
  { telemetry }: Pick<App, 'telemetry'>,
  queue: string,
  deal: () => Promise<void>,
): Promise<void> {
  try {
    await deal();
  } catch (error) {
    if (isGivenUp(error)) telemetry.count(METRICS.poison, { queue });
    throw error;
  }
  telemetry.count(METRICS.poison, { queue });
}
