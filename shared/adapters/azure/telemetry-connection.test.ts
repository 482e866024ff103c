import { describe, expect, test } from '@jest/globals';
import { parseTelemetryConnection } from './telemetry-connection.ts';

const KEY = '00000000-1111-2222-3333-444444444444';
const parse = (members: string) => parseTelemetryConnection(`InstrumentationKey=${KEY};${members}`);

describe('a connection string', () => {
  test.each([
    ['', 'https://dc.services.visualstudio.com/v2.1/track'],
    [
      'IngestionEndpoint=https://w-5.in.example.com/;LiveEndpoint=https://l',
      'https://w-5.in.example.com/v2.1/track',
    ],
    ['ingestionendpoint = https://w-5.in.example.com', 'https://w-5.in.example.com/v2.1/track'],
    ['EndpointSuffix=ai.example.cn;Location=west', 'https://west.dc.ai.example.cn/v2.1/track'],
    ['EndpointSuffix=ai.example.cn', 'https://dc.ai.example.cn/v2.1/track'],
    ['IngestionEndpoint=http://127.0.0.1:4000', 'http://127.0.0.1:4000/v2.1/track'],
  ])('with %j tracks at %s', (members, trackUrl) => {
    expect(parse(members)).toMatchObject({ trackUrl, instrumentationKey: KEY });
  });

  test.each([
    ['', 'https://monitor.azure.com/.default'],
    ['AADAudience=https://monitor.azure.us/', 'https://monitor.azure.us/.default'],
    ['AADAudience=https://monitor.azure.us/.default', 'https://monitor.azure.us/.default'],
  ])('with %j asks for tokens for %s', (members, scope) => {
    expect(parse(members).scope).toBe(scope);
  });

  test.each(['IngestionEndpoint=http://example.com', 'IngestionEndpoint=nowhere'])(
    'with %j is refused: others could read it',
    (members) => {
      expect(() => parse(members)).toThrow('an IngestionEndpoint by https');
    },
  );

  test('without a key that is one is refused', () => {
    for (const text of ['', 'nonsense', `InstrumentationKey=${KEY}0`, 'InstrumentationKey=']) {
      expect(() => parseTelemetryConnection(text)).toThrow('an InstrumentationKey that is a GUID');
    }
  });
});
