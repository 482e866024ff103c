import { messageOf } from '../../errors.ts';
import type { TelemetrySink } from '../../ports/telemetry.ts';
import type { SenderOptions, TelemetrySender } from './telemetry-sender.ts';

/**
 * To the ingestion endpoint of Application Insights, and nowhere else. Nothing that this takes is
 * loaded before there is a batch to send.
 */
export function createAzureTelemetry(options: SenderOptions): TelemetrySink {
  let opened: Promise<TelemetrySender> | undefined;
  let told = '';
  const open = (): Promise<TelemetrySender> => {
    const opening = (opened ??= import('./telemetry-sender.ts').then(
      async ({ openTelemetrySender }) => await openTelemetrySender(options),
    ));
    opening.catch((error: unknown) => {
      if (opened !== opening) return;
      opened = undefined;
      const why = messageOf(error);
      if (why !== told) options.warn(why);
      told = why;
    });
    return opening;
  };
  return {
    send: async (batch) => await (await open()).send(batch),
    close: async () => (await opened?.catch(() => undefined))?.close(),
  };
}
