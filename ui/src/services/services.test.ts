import { describe, expect, it } from 'vitest';
import type { Exposure } from '../api/types';
import { backendOf, catalogue, freeName, opened, portsOf } from './choices';
import { hostnameProblem, nameProblem } from './hostname';
import { emailsIn, reachWord, shownBy, urlOf } from './reach';

const exposure = (name: string, more: Partial<Exposure> = {}): Exposure => ({
  name,
  hostname: `${name}.example.test`,
  reach: 'lan',
  tls: 'terminated',
  access: [],
  backend: { kind: 'echo', image: 'x' },
  ...more,
});

describe('hostnameProblem', () => {
  it.each(['echo.example.test', 'a.b.example.test', 'x1-y2.example.test', 'grüße.example.test'])(
    'lets %s pass',
    (name) => expect(hostnameProblem(name)).toBeNull(),
  );
  it.each([
    '-echo.example.test',
    'echo-.example.test',
    'my echo.example.test',
    'my_echo.example.test',
    'a..example.test',
    `${'a'.repeat(64)}.example.test`,
  ])('refuses %s', (name) =>
    expect(hostnameProblem(name)).toMatchObject({ code: 'hostname-invalid', args: { hostname: name } }),
  );
});

describe('nameProblem', () => {
  const problem = (first: string, reach: Exposure['reach']) =>
    nameProblem(first, 'example.test', reach, [exposure('wiki')])?.code ?? null;

  it.each([
    ['echo', 'lan', null],
    ['echo', 'public', null],
    ['a.echo', 'lan', null],
    ['a.echo', 'public', 'name-too-deep'],
    ['Wiki', 'public', 'hostname-taken'],
    ['-', 'lan', 'hostname-invalid'],
  ] as const)('%s on %s: %s', (first, reach, want) => expect(problem(first, reach)).toBe(want));
});

describe('choices', () => {
  const ports = portsOf([{ namespace: 'monitoring', name: 'grafana', ports: [80, 3000] }]);

  it('are the catalogue without the apps that are open, then the ports of the cluster', () => {
    const open = exposure('dash', { backend: { kind: 'app', app: 'grafana' } });
    expect(catalogue([open], ports).map(({ value }) => value)).toEqual(['echo', 'argocd', 'service']);
    expect(ports.map(({ value }) => value)).toEqual(['monitoring/grafana:80', 'monitoring/grafana:3000']);
  });
  it('refer to a service that is there, and pass the TLS of Argo CD through', () => {
    expect(backendOf('service', ports[1])).toMatchObject({ kind: 'service', port: 3000 });
    expect(backendOf('service', undefined)).toBeNull();
    const argocd = opened({ kind: 'app', app: 'argocd' }, 'cd.example.test', []);
    expect(argocd).toMatchObject({ name: 'argocd', tls: 'passthrough' });
    expect(opened({ kind: 'echo', image: 'x' }, 'e.example.test', []).tls).toBe('terminated');
  });
  it('never take the name of a service that is open, which would move it', () => {
    expect(freeName('echo', [])).toBe('echo');
    expect(freeName('echo', [exposure('echo'), exposure('echo-2')])).toBe('echo-3');
  });
});

describe('reach', () => {
  it.each([
    [exposure('a'), false, 'LAN only', 'http', 'none'],
    [exposure('a'), true, 'LAN only', 'https', 'cluster'],
    [exposure('a', { tls: 'passthrough' }), false, 'LAN only', 'https', 'service'],
    [exposure('a', { reach: 'public' }), false, 'Public', 'https', 'cloudflare'],
    [
      exposure('a', { reach: 'public', access: ['me@b.cd'] }),
      true,
      'Public, with a login',
      'https',
      'cloudflare',
    ],
  ] as const)(
    '%#: has its word, its address and who shows the certificate',
    (of, issued, word, scheme, by) => {
      expect(reachWord(of)).toBe(word);
      expect(urlOf(of, issued)).toBe(`${scheme}://a.example.test`);
      expect(shownBy(of.reach, of.tls, issued)).toBe(by);
    },
  );
});

describe('emailsIn', () => {
  it.each([
    ['', [], null],
    ['me@example.com, you@example.com;me@example.com', ['me@example.com', 'you@example.com'], null],
    ['me@example.com you', ['me@example.com', 'you'], 'you'],
    ['a@b', ['a@b'], 'a@b'],
    ['a@b@c.de', ['a@b@c.de'], 'a@b@c.de'],
  ])('%j', (typed, emails, wrong) => expect(emailsIn(typed)).toEqual({ emails, wrong }));
});
