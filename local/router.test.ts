import { describe, expect, test } from '@jest/globals';
import type { HttpFunction, Method } from '../functions/trigger.ts';
import { Router } from './router.ts';

function http(route: string, ...methods: Method[]): HttpFunction {
  return {
    kind: 'http',
    name: route,
    route,
    methods,
    access: 'Scorer',
    handler: () => Promise.resolve({ status: 200 }),
  };
}

const router = new Router(
  [
    http('v2', 'GET'),
    http('v2/models/{model}', 'GET'),
    http('v2/models/{model}/infer', 'POST'),
    http('v2/models/{name}/versions/{version}/infer', 'POST'),
    http('v2/models/stats', 'GET'),
    http('models/{model}', 'GET', 'DELETE'),
    http('models/special', 'PUT'),
    http('pages/{page:int}', 'GET'),
    http('pages/{title}', 'GET'),
    http('optional/{id?}', 'GET'),
    http('files/{*path}', 'GET'),
    http('files/{id}/info', 'GET'),
    http('', 'GET'),
  ],
  '',
);

/** `route params`, or undefined. */
function find(method: string, path: string) {
  const route = router.find(method, path);
  return route && [route.definition.route, { ...route.params }];
}

describe('routes', () => {
  test.each([
    ['GET', '/', '', {}],
    ['GET', '/v2', 'v2', {}],
    ['GET', '/v2/', 'v2', {}],
    ['GET', '/V2/Models/Ab.C-d', 'v2/models/{model}', { model: 'Ab.C-d' }],
    ['POST', '/v2/models/m/infer', 'v2/models/{model}/infer', { model: 'm' }],
    [
      'POST',
      '/v2/models/m/versions/7/infer',
      'v2/models/{name}/versions/{version}/infer',
      { name: 'm', version: '7' },
    ],
    ['DELETE', '/models/m', 'models/{model}', { model: 'm' }],
    ['GET', '/optional', 'optional/{id?}', {}],
    ['GET', '/optional/3', 'optional/{id?}', { id: '3' }],
  ])('%s %s', (method, path, route, params) => {
    expect(find(method, path)).toEqual([route, params]);
  });

  test('a literal comes before a parameter, whose method must fit too', () => {
    expect(find('GET', '/v2/models/stats')).toEqual(['v2/models/stats', {}]);
    expect(find('GET', '/models/special')).toEqual(['models/{model}', { model: 'special' }]);
    expect(find('PUT', '/models/special')).toEqual(['models/special', {}]);
  });

  test('a constrained parameter comes before a free one', () => {
    expect(find('GET', '/pages/12')).toEqual(['pages/{page:int}', { page: '12' }]);
    expect(find('GET', '/pages/12a')).toEqual(['pages/{title}', { title: '12a' }]);
  });

  test('a catch-all takes what nothing else takes, slashes and nothing included', () => {
    expect(find('GET', '/files/a/info')).toEqual(['files/{id}/info', { id: 'a' }]);
    expect(find('GET', '/files/a/b/c')).toEqual(['files/{*path}', { path: 'a/b/c' }]);
    expect(find('GET', '/files/a')).toEqual(['files/{*path}', { path: 'a' }]);
    expect(find('GET', '/files')).toEqual(['files/{*path}', {}]);
  });

  test.each([
    ['HEAD', '/v2'],
    ['PATCH', '/models/m'],
    ['POST', '/v2'],
    ['GET', '/v3'],
    ['GET', '/v2/models'],
    ['GET', '/v2/models/m/n'],
    ['OPTIONS', '*'],
  ])('%s %s is nothing', (method, path) => {
    expect(find(method, path)).toBeUndefined();
  });

  test('escapes are decoded once, but for the slash', () => {
    expect(find('GET', '/v2/models/a%20b%C3%A9')).toEqual(['v2/models/{model}', { model: 'a bé' }]);
    expect(find('GET', '/v2/models/a%2Fb%2fc')).toEqual([
      'v2/models/{model}',
      { model: 'a%2Fb%2fc' },
    ]);
    expect(find('GET', '/v2/models/a%2525%3Fb%23')).toEqual([
      'v2/models/{model}',
      { model: 'a%25?b#' },
    ]);
    expect(find('GET', '/v2/mod%65ls/m')).toEqual(['v2/models/{model}', { model: 'm' }]);
  });

  test('broken escapes are an error of the caller', () => {
    expect(() => find('GET', '/v2/models/%zz')).toThrow(URIError);
    expect(() => find('GET', '/v2/models/%C3')).toThrow(URIError);
  });

  test('long parameters match', () => {
    const model = 'm'.repeat(5_000);
    expect(find('GET', `/v2/models/${model}`)).toEqual(['v2/models/{model}', { model }]);
  });

  test('a prefix comes before every route', () => {
    const prefixed = new Router([http('v2/{a}', 'GET')], 'api');
    expect(prefixed.find('GET', '/api/v2/b')?.params).toEqual({ a: 'b' });
    expect(prefixed.find('GET', '/v2/b')).toBeUndefined();
  });

  test.each(['a/{b}.onnx', 'a/{b:date}', '{a?}/b', '{*a}/b', 'a/{b'])(
    'a template that can not be translated is refused: %s',
    (route) => {
      expect(() => new Router([http(route, 'GET')], '')).toThrow(
        /^route "[^"]+": expected segments/,
      );
    },
  );
});
