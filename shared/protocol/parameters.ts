import { ServingError } from '../errors.ts';
import { OPEN_BRACE } from './ascii.ts';
import type { JsonCursor } from './json-cursor.ts';

export type Parameters = Readonly<Record<string, unknown>>;

export const NO_PARAMETERS: Parameters = Object.freeze(
  Object.create(null) as Record<string, unknown>,
);

/** What a request's own parameters ask for. */
export interface RequestParameters {
  readonly timeoutMicroseconds: number | undefined;
  /** 0 default, 1 highest, 3 lowest. */
  readonly priority: number;
  /** Whether outputs that don't say otherwise are answered as bytes. */
  readonly binaryOutput: boolean;
}

/**
 * Reads a `parameters` object; null members are absent. Refuses what this server can't honour:
 * ignoring it would answer another question than the caller asked. @throws ServingError `malformed`
 */
export function readParameters(cursor: JsonCursor, where: string): Parameters {
  if (cursor.peek() !== OPEN_BRACE) {
    if (cursor.value() !== null) throw refuse(`${where}: \`parameters\`: expected an object`);
    return NO_PARAMETERS;
  }
  const parameters = { __proto__: null } as unknown as Record<string, unknown>;
  for (let more = cursor.enterObject(); more; more = cursor.nextMember()) {
    const name = cursor.key();
    // Counts, flags and short texts are what parameters mostly are.
    const value = cursor.count() ?? cursor.flag() ?? cursor.shortText() ?? cursor.value();
    if (value !== null) refuseUnsupported(name, value, where);
    parameters[name] = value ?? undefined;
  }
  return parameters;
}

function refuseUnsupported(name: string, value: unknown, where: string): void {
  if (name === 'classification' || name.startsWith('shared_memory_')) {
    throw refuse(`${where}: the parameter ${name} is not supported`);
  }
  if (name === 'sequence_id' && value !== 0 && value !== '' && value !== '0') {
    throw refuse(`${where}: the parameter sequence_id is not supported: models here keep no state`);
  }
}

/** The request-level parameters that are honoured. @throws ServingError `malformed` */
export function requestParameters(parameters: Parameters): RequestParameters {
  const binary = parameters['binary_data_output'] ?? false;
  if (typeof binary !== 'boolean') throw refuse('binary_data_output: expected true or false');
  return {
    timeoutMicroseconds: wholeNumber(parameters, 'timeout'),
    priority: Math.min(wholeNumber(parameters, 'priority') ?? 0, 3),
    binaryOutput: binary,
  };
}

function wholeNumber(parameters: Parameters, name: string): number | undefined {
  const value = parameters[name];
  if (value === undefined) return undefined;
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 0) {
    throw refuse(`${name}: expected a whole number, got ${JSON.stringify(value)}`);
  }
  return value;
}

function refuse(detail: string): ServingError {
  return new ServingError({ kind: 'malformed', detail });
}
