import type { BatchId } from '../batch/job.ts';
import type { ModelName, Version } from '../ids.ts';

/** A version to validate: the message of queue `registrations`. */
export interface RegistrationMessage {
  readonly model: ModelName;
  readonly incarnation: number;
  readonly version: Version;
  /** How often the poison queue has sent it back already. */
  readonly revived?: number;
  /** Of the work that this goes on with, as W3C Trace Context has it. */
  readonly traceparent?: string | undefined;
}

/** At-least-once queues. */
export interface Messages {
  sendRegistration(message: RegistrationMessage): Promise<void>;
  /** About how many registrations wait or are being worked on. */
  countRegistrations(): Promise<number>;
  /** Sends them side by side, in no order; a failure may leave some sent. */
  sendBatch(messages: readonly BatchMessage[]): Promise<void>;
  /** About how many messages of batch jobs wait or are being worked on. */
  countBatch(): Promise<number>;
}

/** What is to be done for a job: the messages of queue `batch-chunks`. */
export type BatchMessage = {
  readonly id: BatchId;
  /** How often the poison queue has sent it back already. */
  readonly revived?: number;
  /** Of the request that the job came with, as W3C Trace Context has it. */
  readonly traceparent?: string | undefined;
} & (
  | { readonly kind: 'plan' }
  /** Send the messages of the chunks of this group, then of the next. */
  | { readonly kind: 'fan'; readonly group: number }
  | { readonly kind: 'chunk'; readonly chunk: number }
  | { readonly kind: 'finish' }
);
