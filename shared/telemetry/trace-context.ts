/**
 * Where work stands among other work, as W3C Trace Context has it: lower-case hex, 32 digits a
 * trace, 16 a span.
 */
export interface TraceContext {
  readonly traceId: string;
  /** Of the work itself. */
  readonly spanId: string;
  /** Whether who began it wants it told of. */
  readonly sampled: boolean;
}

const NO_TRACE = '0'.repeat(32);
const NO_SPAN = '0'.repeat(16);
/** Later versions may add members behind; version ff is none. */
const HEADER = /^(?!ff)([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
const SAMPLED = 0x01;

/** Reads a `traceparent`; undefined when there is none or it isn't one: then a trace begins. */
export function parseTraceparent(text: unknown): TraceContext | undefined {
  // A longer one can only be another version's; nobody needs what stands behind.
  if (typeof text !== 'string' || text.length > 256) return undefined;
  const [, version, traceId = NO_TRACE, spanId = NO_SPAN, flags = '00', more] =
    HEADER.exec(text) ?? [];
  if (traceId === NO_TRACE || spanId === NO_SPAN) return undefined;
  if (version === '00' && more !== undefined) return undefined;
  return { traceId, spanId, sampled: (Number.parseInt(flags, 16) & SAMPLED) !== 0 };
}

/** A `traceparent` that came along, if it is one. */
export function followable(text: unknown): string | undefined {
  return typeof text === 'string' && parseTraceparent(text) ? text : undefined;
}

/** For whoever goes on with the work. */
export function traceparentOf({ traceId, spanId, sampled }: TraceContext): string {
  return `00-${traceId}-${spanId}-${sampled ? '01' : '00'}`;
}

/** Work inside of other work, or without `parent` a trace's first. `hex` gives so many random digits. */
export function contextBelow(
  parent: TraceContext | undefined,
  hex: (digits: number) => string,
): TraceContext {
  return {
    traceId: parent?.traceId ?? hex(32),
    spanId: hex(16),
    sampled: parent?.sampled ?? true,
  };
}
