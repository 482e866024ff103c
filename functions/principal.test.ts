import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { ROLES } from './caller.ts';
import { parsePrincipal } from './principal.ts';

const CLASSIC = 'http://schemas.xmlsoap.org/ws/2005/05/identity/claims';
const encoded = (document: unknown) => Buffer.from(JSON.stringify(document)).toString('base64');
const withClaims = (...claims: [typ: unknown, val: unknown][]) =>
  encoded({ auth_typ: 'aad', claims: claims.map(([typ, val]) => ({ typ, val })) });

describe('who signed in', () => {
  test.each([
    ['a person', [['preferred_username', 'ada@example.org']], 'user:ada@example.org'],
    ['by a token of old', [[`${CLASSIC}/upn`, 'ada@example.org']], 'user:ada@example.org'],
    ['by the display name', [['name', 'Ada Lovelace, Gräfin']], 'user:Ada Lovelace, Gräfin'],
    [
      'a person, by way of an app',
      [
        ['azp', 'app-id'],
        ['preferred_username', 'ada@example.org'],
      ],
      'user:ada@example.org',
    ],
    ['a service', [['azp', '1b4e28ba']], 'app:1b4e28ba'],
    ['a service of old', [['appid', '1b4e28ba']], 'app:1b4e28ba'],
    ['somebody without a name', [[`${CLASSIC}/nameidentifier`, 'x7']], 'user:x7'],
    [
      'an empty name is none',
      [
        ['name', ' '],
        ['oid', 'x7'],
      ],
      'user:x7',
    ],
    ['line breaks and writing backwards', [['name', 'a\r\nb\u202ec\ud800']], 'user:a??b?c?'],
    ['a long name', [['name', 'a'.repeat(5_000)]], `user:${'a'.repeat(128)}`],
  ] as [string, [string, string][], string][])('%s', (_what, claims, name) => {
    expect(parsePrincipal(withClaims(...claims))).toEqual({ name, roles: [] });
  });

  test.each([
    ['roles', 'roles', ['Publisher']],
    [
      'the classic claim',
      'http://schemas.microsoft.com/ws/2008/06/identity/claims/role',
      ['Publisher'],
    ],
    ['the claim that it names', 'my-roles', ['Publisher']],
    ['another claim', 'groups', []],
  ])('may do what stands under %s', (_what, typ, roles) => {
    const claims = [
      { typ, val: 'Publisher' },
      { typ, val: 'Admin' },
      { typ, val: 'operator' },
      { typ: 'name', val: 'Ada' },
    ];
    const header = encoded({ role_typ: 'my-roles', claims });
    expect(parsePrincipal(header)).toEqual({ name: 'user:Ada', roles });
  });
});

describe('garbage is nobody', () => {
  const fine = withClaims(['name', 'Ada'], ['roles', 'Operator']);
  test.each([
    ['nothing', ''],
    ['no base64', '{"claims": []}'],
    ['no JSON', Buffer.from('claims').toString('base64')],
    ['null', encoded(null)],
    ['a text', encoded('Operator')],
    ['no claims', encoded({ auth_typ: 'aad', roles: ['Operator'] })],
    ['claims by name', encoded({ claims: { roles: ['Operator'], name: 'Ada' } })],
    ['claims that are none', encoded({ claims: [null, 1, 'roles', { typ: 'name' }] })],
    ['nobody with a role', withClaims(['roles', 'Operator'])],
    ['claims of other kinds', withClaims(['name', 5], [null, 'Ada'], ['roles', ['Operator']])],
    ['two headers, joined', `${fine}, ${fine}`],
    ['two headers, joined without a trace', `${fine}${fine}`],
    ['cut off', fine.slice(0, 40)],
    ['too much', encoded({ claims: [{ typ: 'name', val: 'a'.repeat(60_000) }] })],
  ])('%s', (_what, header) => {
    expect(parsePrincipal(header)).toBeUndefined();
  });

  const part = fc.oneof(fc.jsonValue(), fc.constantFrom('roles', 'Operator', 'name', 'claims'));
  const document = fc.oneof(
    fc.jsonValue(),
    fc.record({ claims: fc.jsonValue(), role_typ: part }, { requiredKeys: [] }),
    fc.record({
      role_typ: part,
      claims: fc.array(fc.oneof(part, fc.record({ typ: part, val: part }))),
    }),
  );
  test('it never throws, and no role comes from elsewhere than a claim of that very value', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), document.map(encoded)), (header) => {
        const principal = parsePrincipal(header);
        if (!principal) return;
        expect(principal.name).toMatch(/^(user|app):[^\p{C}]{1,128}$/u);
        const { claims } = JSON.parse(Buffer.from(header, 'base64').toString()) as {
          claims: ({ typ?: unknown; val?: unknown } | null)[];
        };
        for (const role of principal.roles) {
          expect(ROLES).toContain(role);
          expect(claims.some((claim) => claim?.val === role)).toBe(true);
        }
      }),
    );
  });
});
