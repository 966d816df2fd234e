import { describe, expect, it } from 'vitest';
import type { ComponentState, Stack } from '../api/types';
import { actOf, acts, noPin, standing } from './acts';
import { trusting, waysToTell } from './home';
import { fieldOf, issues, setUpOf, stackOf } from './setup';

const bare: Stack = {
  retiredAccepted: false,
  components: {},
  names: { kind: 'cloudflare' },
  acme: null,
  tunnel: null,
};
const full: Stack = {
  ...bare,
  acme: { email: 'me@example.com', authority: { kind: 'staging' } },
  tunnel: 'portico-home',
};
const atHome: Stack = { ...bare, names: { kind: 'home', domain: 'home.arpa' } };
const component = (more: Partial<ComponentState>): ComponentState => ({
  component: 'cert-manager',
  wanted: true,
  version: 'v1',
  healthy: true,
  lacks: [],
  problem: null,
  ...more,
});
const problem = { code: 'hand-edited', args: {}, detail: null } as const;

describe('acts', () => {
  it.each<[string, Partial<ComponentState>, Stack, string, string]>([
    ['healthy', {}, full, 'healthy', 'upgrade remove'],
    ['on its way', { healthy: false }, full, 'waiting', 'install upgrade remove'],
    ['changed by hand', { healthy: false, problem }, full, 'problem', 'repair upgrade remove'],
    ['not there', { wanted: false }, full, 'absent', 'install'],
    ['without an authority', { wanted: false }, bare, 'absent', 'setUp'],
    ['without an authority, at home', { wanted: false }, atHome, 'absent', 'install'],
    ['without a tunnel', { component: 'cloudflared', wanted: false }, bare, 'absent', 'setUp'],
    ['the controller that serves', { component: 'ingress-nginx' }, bare, 'healthy', 'upgrade'],
    ['the other controller', { component: 'traefik', wanted: false, version: null }, bare, 'absent', 'move'],
    ['the one of K3s', { component: 'traefik', version: null }, bare, 'healthy', ''],
  ])('of a component that is %s', (_, more, stack, how, want) => {
    expect(standing(component(more))).toBe(how);
    expect(acts(component(more), stack).join(' ')).toBe(want);
  });
  it('keep what is pinned', () => {
    expect(actOf('install', undefined)).toEqual({ kind: 'install', pin: noPin });
    expect(actOf('install', { ...noPin, version: 'v2' })).toMatchObject({ pin: { version: 'v2' } });
    expect(actOf('remove', undefined)).toEqual({ kind: 'remove' });
  });
});

describe('the set-up', () => {
  it('proposes a tunnel by the name of the cluster, and takes over what is set up', () => {
    expect(setUpOf(bare, 'home')).toMatchObject({ authority: 'production', tunnelName: 'portico-home' });
    expect(setUpOf(full, 'x')).toMatchObject({ email: 'me@example.com', authority: 'staging' });
  });
  it('wants the components that its parts need, and keeps what is pinned of them', () => {
    const pin = { ...noPin, version: '2.0' };
    const form = { ...setUpOf(bare, 'home'), email: ' me@example.com ' };
    const stack = stackOf(form, { ...bare, components: { cloudflared: pin } });
    expect(stack.acme).toEqual({ email: 'me@example.com', authority: { kind: 'production' } });
    expect(stack.components).toEqual({ cloudflared: pin, 'sealed-secrets': noPin, 'cert-manager': noPin });
  });
  it('leaves alone what is left out', () => {
    expect(stackOf({ ...setUpOf(bare, 'home'), certificates: false, tunnel: false }, full)).toEqual(full);
  });
  it('without Cloudflare wants a domain and cert-manager, and nothing of Cloudflare', () => {
    const form = { ...setUpOf(full, 'x'), names: 'home' as const, domain: ' home.arpa ' };
    const stack = stackOf(form, full);
    expect(stack).toMatchObject({ names: { kind: 'home', domain: 'home.arpa' }, acme: null, tunnel: null });
    expect(Object.keys(stack.components)).toEqual(['cert-manager']);
    expect(setUpOf(stack, 'x')).toMatchObject({ names: 'home', domain: 'home.arpa' });
    expect([issues(stack), issues({ ...stack, components: {} }), issues(full), issues(bare)]).toEqual([
      true,
      false,
      true,
      false,
    ]);
    expect(stackOf(setUpOf(bare, 'x'), stack).names).toEqual({ kind: 'cloudflare' });
  });
  it('has a directory and perhaps a CA for an authority of one’s own', () => {
    const form = {
      ...setUpOf(bare, 'h'),
      authority: 'custom' as const,
      directory: 'https://ca/dir',
      ca: ' ',
    };
    const authority = stackOf(form, bare).acme?.authority;
    expect(authority).toEqual({ kind: 'custom', directory: 'https://ca/dir', ca: null });
  });
  it('says at its field what is refused', () => {
    const at = (field: string) => fieldOf({ code: 'field-invalid', args: { field }, detail: null });
    expect(['acme.email', 'acme.authority.ca', 'tunnel', 'other'].map(at)).toEqual([
      'email',
      'ca',
      'tunnelName',
      null,
    ]);
    expect(fieldOf({ code: 'hostname-invalid', args: {}, detail: null })).toBe('domain');
    expect(fieldOf({ code: 'no-cluster', args: { field: 'tunnel' }, detail: null })).toBeNull();
  });
});

describe('what is told at home', () => {
  const home = { domain: 'home.arpa', addresses: ['10.0.0.2', '10.0.0.3'], hostnames: [], authority: null };
  it('leads every name to every worker, and a hosts file knows no other names than those that are there', () => {
    const lines = (hostnames: string[]) => waysToTell({ ...home, hostnames }).map(({ lines }) => lines);
    const rewrites = [
      ['*.home.arpa → 10.0.0.2', '*.home.arpa → 10.0.0.3'],
      ['address=/home.arpa/10.0.0.2', 'address=/home.arpa/10.0.0.3'],
    ];
    expect(lines([])).toEqual(rewrites);
    expect(lines(['a.home.arpa', 'b.home.arpa'])[2]).toEqual(['10.0.0.2 a.home.arpa b.home.arpa']);
    expect(waysToTell({ ...home, addresses: [] })).toEqual([]);
  });
  it('quotes a path for the shell that reads it', () => {
    const [linux] = trusting("it's mine.crt");
    expect(linux?.command).toContain(`'it'\\''s mine.crt'`);
  });
});
