import type { TelemetrySink } from '../../ports/telemetry.ts';
import type { SenderOptions, TelemetrySender } from './telemetry-sender.ts';

/**
 * To the ingestion endpoint of Application Insights, and nowhere else. Nothing that this takes is
 * loaded before there is a batch to send.
 */
export function createAzureTelemetry(options: SenderOptions): TelemetrySink {
  let opened: Promise<TelemetrySender> | undefined;
  const open = (): Promise<TelemetrySender> => {
    const opening = (opened ??= import('./telemetry-sender.ts').then(
      async ({ openTelemetrySender }) => await openTelemetrySender(options),
    ));
    opening.catch(() => {
      if (opened === opening) opened = undefined;
    });
    return opening;
  };
  return {
    send: async (batch) => await (await open()).send(batch),
    close: async () => (await opened?.catch(() => undefined))?.close(),
  };
}
