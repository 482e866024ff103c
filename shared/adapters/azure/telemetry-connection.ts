/** Where an Application Insights resource takes telemetry. */
export interface IngestionEndpoint {
  readonly trackUrl: string;
  readonly instrumentationKey: string;
  /** What a token must be for. */
  readonly scope: string;
}

/** As Application Insights has them for a connection string that names none. */
const GLOBAL_ENDPOINT = 'https://dc.services.visualstudio.com';
const AUDIENCE = 'https://monitor.azure.com';
const KEY = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const LOOPBACK = new Set(['127.0.0.1', 'localhost', '[::1]']);

/**
 * Reads a connection string: `InstrumentationKey=…;IngestionEndpoint=…`, other members besides.
 * @throws Error that says what is wrong, and nothing of what it held
 */
export function parseTelemetryConnection(connectionString: string): IngestionEndpoint {
  const members = new Map(
    connectionString.split(';').map((member): [string, string] => {
      const [name = '', ...value] = member.split('=');
      return [name.trim().toLowerCase(), value.join('=').trim()];
    }),
  );
  const instrumentationKey = members.get('instrumentationkey') ?? '';
  if (!KEY.test(instrumentationKey)) throw wrong('an InstrumentationKey that is a GUID');
  const suffix = members.get('endpointsuffix');
  const location = members.get('location');
  const base =
    members.get('ingestionendpoint') ||
    (suffix ? `https://${location ? `${location}.` : ''}dc.${suffix}` : GLOBAL_ENDPOINT);
  if (!URL.canParse(base) || !isSafe(new URL(base))) {
    throw wrong('an IngestionEndpoint by https, or on this machine');
  }
  const audience = members.get('aadaudience') || AUDIENCE;
  return {
    trackUrl: `${base.replace(/\/+$/, '')}/v2.1/track`,
    instrumentationKey,
    scope: `${audience.replace(/\/+(\.default)?$/, '')}/.default`,
  };
}

/** Whether others on the way can't read what is sent there. */
export function isSafe({ protocol, hostname }: URL): boolean {
  return protocol === 'https:' || (protocol === 'http:' && LOOPBACK.has(hostname));
}

function wrong(expected: string): Error {
  return new Error(`APPLICATIONINSIGHTS_CONNECTION_STRING: expected ${expected}`);
}
