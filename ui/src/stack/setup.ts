// The form of the set-up, from and to the stack that it stands for.
import type { Authority, Problem, Stack } from '../api/types';
import { noPin } from './acts';

export interface SetUp {
  /** Who answers for names: zones at Cloudflare, or the home's own resolver for `domain`. */
  names: Stack['names']['kind'];
  domain: string;
  certificates: boolean;
  email: string;
  authority: Authority['kind'];
  directory: string;
  ca: string;
  tunnel: boolean;
  tunnelName: string;
}

/** What is set up already, and a proposal for the rest. */
export function setUpOf(stack: Stack, cluster: string): SetUp {
  const authority = stack.acme?.authority ?? { kind: 'production' };
  return {
    names: stack.names.kind,
    domain: stack.names.kind === 'home' ? stack.names.domain : 'home.arpa',
    certificates: true,
    email: stack.acme?.email ?? '',
    authority: authority.kind,
    directory: authority.kind === 'custom' ? authority.directory : '',
    ca: authority.kind === 'custom' ? (authority.ca ?? '') : '',
    tunnel: true,
    tunnelName: stack.tunnel ?? `portico-${cluster}`,
  };
}

const authorityOf = ({ authority, directory, ca }: SetUp): Authority =>
  authority === 'custom'
    ? { kind: 'custom', directory: directory.trim(), ca: ca.trim() === '' ? null : ca }
    : { kind: authority };

/** What is left out stays as it is: a component goes by being removed, not by an empty field. */
export function stackOf(form: SetUp, stack: Stack): Stack {
  const wanted = { ...stack, components: { ...stack.components } };
  if (form.names === 'home') {
    wanted.components['cert-manager'] ??= noPin;
    return { ...wanted, names: { kind: 'home', domain: form.domain.trim() }, acme: null, tunnel: null };
  }
  wanted.names = { kind: 'cloudflare' };
  if (form.certificates) {
    wanted.acme = { email: form.email.trim(), authority: authorityOf(form) };
    wanted.components['sealed-secrets'] ??= noPin;
    wanted.components['cert-manager'] ??= noPin;
  }
  if (form.tunnel) {
    wanted.tunnel = form.tunnelName.trim();
    wanted.components.cloudflared ??= noPin;
  }
  return wanted;
}

/** Whether names on the LAN get certificates. */
export const issues = ({ acme, names, components }: Stack): boolean =>
  names.kind === 'home' ? 'cert-manager' in components : acme !== null;

export type SetUpField = 'domain' | 'email' | 'directory' | 'ca' | 'tunnelName';
const fields: Record<string, SetUpField> = {
  'acme.email': 'email',
  'acme.authority': 'directory',
  'acme.authority.ca': 'ca',
  tunnel: 'tunnelName',
  domain: 'domain',
};

/** The field that can put a problem right; null when none can. */
export const fieldOf = ({ code, args }: Problem): SetUpField | null =>
  code === 'hostname-invalid'
    ? 'domain'
    : code === 'field-invalid'
      ? (fields[args.field ?? ''] ?? null)
      : null;
