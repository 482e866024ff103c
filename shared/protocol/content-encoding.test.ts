import { gunzipSync, gzipSync, inflateSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import { compress, inflate, preferredEncoding } from './content-encoding.ts';

describe('requests', () => {
  const body = Buffer.from('x'.repeat(5000));
  test('gzip, zlib and identity are undone', () => {
    expect(inflate(gzipSync(body), 'gzip', 5000)).toEqual(body);
    const { body: zlib } = compress(body, 'deflate') ?? { body: new Uint8Array() };
    expect(Buffer.from(inflate(zlib, ' Deflate ', 5000))).toEqual(body);
    expect(inflate(body, 'identity', 1)).toBe(body);
  });
  test('the inflated size has the limit, however small the body', () => {
    expect(() => inflate(gzipSync(Buffer.alloc(1_000_000)), 'gzip', 999_999)).toThrow(
      /larger than 999999 bytes once inflated/,
    );
  });
  test.each([
    ['br', body, /expected gzip, deflate or identity, got "br"/],
    ['gzip', body, /the body is not gzip: incorrect header check/],
    ['gzip', gzipSync(body).subarray(0, 20), /the body is not gzip: unexpected end/],
  ])('%s of other bytes is refused', (encoding, bytes, expected) => {
    expect(() => inflate(bytes, encoding, 10_000)).toThrow(expected);
  });
});

describe('answers', () => {
  test.each([
    ['gzip', 'gzip'],
    ['deflate, gzip', 'gzip'],
    ['gzip;q=0.2, deflate;q=0.8', 'deflate'],
    ['*', 'gzip'],
    ['br', undefined],
    ['gzip;q=0', undefined],
    ['identity, gzip;q=0.5', undefined],
    ['', undefined],
  ])('%j prefers %j', (accepted, expected) => {
    expect(preferredEncoding(accepted)).toBe(expected);
  });
  test('small answers go as they are', () => {
    expect(compress(new Uint8Array(100), 'gzip')).toBeUndefined();
    const large = new Uint8Array(5000).fill(7);
    expect(Uint8Array.from(gunzipSync(compress(large, 'gzip')?.body ?? ''))).toEqual(large);
    expect(Uint8Array.from(inflateSync(compress(large, 'deflate')?.body ?? ''))).toEqual(large);
  });
});
