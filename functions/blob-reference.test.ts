import { describe, expect, test } from '@jest/globals';
import { blobReference, namedBlob } from './blob-reference.ts';

const content = (value: unknown) => ({
  source: 'AzureStorageBlobs',
  content: Buffer.from(JSON.stringify(value)),
});

describe('namedBlob', () => {
  test('reads the name out of the binding data', () => {
    const data = content({ Connection: 'X', ContainerName: 'incoming', BlobName: 'a/ü b.onnx' });
    expect(namedBlob(data)).toEqual({ container: 'incoming', name: 'a/ü b.onnx' });
  });

  test.each([
    undefined,
    [],
    {},
    { content: null },
    { content: '{"ContainerName":"a","BlobName":"b"}' },
    { content: Buffer.from('{') },
    content({ ContainerName: 'a' }),
    content({ ContainerName: 'a', BlobName: '' }),
    content(null),
  ])('is undefined for %j', (data) => {
    expect(namedBlob(data)).toBeUndefined();
  });
});

describe('blobReference', () => {
  const named = { container: 'incoming', name: 'churn/model.onnx' };

  test('takes the named blob, and the ETag of the metadata', () => {
    const metadata = { blobTrigger: 'other/path', properties: { eTag: '"0x8D"' } };
    expect(blobReference(named, metadata)).toEqual({ ...named, etag: '"0x8D"' });
  });

  test('takes the path when the host sent bytes', () => {
    const metadata = { blobTrigger: 'incoming/churn/model.onnx', properties: {} };
    expect(blobReference(Buffer.from('bytes'), metadata)).toEqual({ ...named, etag: undefined });
  });

  test('an ETag in no useful form is none', () => {
    for (const properties of [undefined, null, 3, { eTag: {} }, { eTag: '' }]) {
      expect(blobReference(named, { properties }).etag).toBeUndefined();
    }
    expect(blobReference(named, undefined).etag).toBeUndefined();
  });

  test.each([
    undefined,
    {},
    { blobTrigger: 'incoming' },
    { blobTrigger: '/x' },
    { blobTrigger: 'incoming/' },
    { blobTrigger: 1 },
  ])('refuses %j', (metadata) => {
    expect(() => blobReference(Buffer.alloc(0), metadata)).toThrow(/blob trigger: expected/);
  });
});
