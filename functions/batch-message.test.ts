import { expect, test } from '@jest/globals';
import type { BatchId } from '../shared/batch/job.ts';
import type { BatchMessage } from '../shared/ports/messages.ts';
import { parseBatchMessage } from './batch-message.ts';

const id = '0123456789abcdefghjkmnpqrs' as BatchId;
const traceparent = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;

test.each<BatchMessage>([
  { kind: 'plan', id },
  { kind: 'fan', id, group: 0, revived: 1 },
  { kind: 'chunk', id, chunk: 3, traceparent },
  { kind: 'finish', id, traceparent, revived: 1 },
])('comes through the queue as it was sent: %j', (message) => {
  expect(parseBatchMessage(JSON.parse(JSON.stringify(message)))).toStrictEqual(message);
});

test.each([null, 7, '', 'nonsense', { traceparent }, `${traceparent}\r\nx: y`])(
  'is read without a traceparent that is %j',
  (odd) => {
    const message = { kind: 'plan', id, traceparent: odd };
    expect(parseBatchMessage(message)).toStrictEqual({ kind: 'plan', id });
  },
);
