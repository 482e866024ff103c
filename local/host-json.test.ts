import { describe, expect, test } from '@jest/globals';
import { parseHostJson } from './host-json.ts';

describe('host.json', () => {
  test('has the defaults of the Functions host', () => {
    expect(parseHostJson({ version: '2.0' })).toEqual({
      routePrefix: 'api',
      queues: {
        batchSize: 16,
        newBatchThreshold: 8,
        maxDequeueCount: 5,
        visibilityTimeoutMs: 0,
        maxPollingIntervalMs: 60_000,
        messageEncoding: 'base64',
      },
    });
  });

  test('sets what it names', () => {
    const settings = parseHostJson({
      version: '2.0',
      functionTimeout: '00:10:00',
      extensions: {
        http: { routePrefix: '/v1/' },
        queues: {
          batchSize: 2,
          newBatchThreshold: 0,
          visibilityTimeout: '1.02:03:04.5',
          messageEncoding: 'none',
        },
      },
    });
    expect(settings.routePrefix).toBe('v1');
    expect(settings.queues).toMatchObject({
      batchSize: 2,
      newBatchThreshold: 0,
      visibilityTimeoutMs: 93_784_500,
      messageEncoding: 'none',
    });
  });

  test('names what is wrong', () => {
    expect(() =>
      parseHostJson({
        version: '2.0',
        extensions: { queues: { batchSize: 33, visibilityTimeout: '10 s' } },
      }),
    ).toThrow(
      /^host\.json: extensions\.queues\.batchSize: .*; extensions\.queues\.visibilityTimeout: expected hh:mm:ss, got "10 s"$/,
    );
  });
});
