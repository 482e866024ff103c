import { describe, expect, test } from '@jest/globals';
import { parseBlobPath } from './blob-path.ts';

describe('blob paths', () => {
  test.each([
    ['incoming/{name}', 'a/b.onnx', { name: 'a/b.onnx' }],
    ['incoming', 'a', { name: 'a' }],
    ['incoming/{model}/{file}', 'm/x/y', { model: 'm', file: 'x/y' }],
    ['incoming/pre/{name}.onnx', 'pre/a.b.onnx', { name: 'a.b' }],
    ['incoming/pre/{name}.onnx', 'pre/a.csv', undefined],
    ['incoming/pre/{name}.onnx', 'preXaXonnx', undefined],
    ['incoming/exact', 'exact', {}],
    ['incoming/exact', 'exactly', undefined],
  ])('%s and %s', (path, name, expected) => {
    expect(parseBlobPath(path).match(name)).toEqual(expected);
  });

  test('ask the service for what every name begins with', () => {
    expect(parseBlobPath('incoming/pre/{name}.onnx')).toMatchObject({
      container: 'incoming',
      prefix: 'pre/',
    });
  });

  test.each(['{container}/x', '/x', 'x/'])('%s is refused', (path) => {
    expect(() => parseBlobPath(path)).toThrow(/^blob path: expected container\/name/);
  });
});
