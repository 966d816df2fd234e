// What can go wrong while connecting, each shown where it can be put right.
import { render, screen, waitFor } from '@testing-library/svelte';
import userEvent from '@testing-library/user-event';
import { describe, expect, it, vi } from 'vitest';
import { openDoor, type Host as Door } from '../src/api/door';
import type { Code, ConnectRequest, ConnectResponse } from '../src/api/types';
import ConnectDialog from '../src/machines/ConnectDialog.svelte';
import { fieldOf } from '../src/machines/fields';
import { accessible } from './accessible';
import { hosts } from './fixture/machines';

const answer = (more: Partial<ConnectResponse>): ConnectResponse => ({
  outcome: 'connected',
  fingerprints: [],
  pinned: [],
  facts: null,
  findings: [],
  ...more,
});

function open(reply: (request: ConnectRequest) => ConnectResponse) {
  const asked = vi.fn(reply);
  const door: Door = {
    call: (_, request) => Promise.resolve().then(() => asked(request as ConnectRequest)),
    listen: () => () => undefined,
  };
  openDoor(door);
  const onclose = vi.fn();
  render(ConnectDialog, { hosts: hosts.slice(0, 1), onclose });
  return { asked, onclose, user: userEvent.setup() };
}
const refuse = (code: Code): never => {
  throw { code, args: { user: 'pi', port: '22', address: 'pi-1' }, detail: null };
};

describe('the connect dialog', () => {
  it('asks before it trusts a new machine, and accepts exactly the fingerprint it showed', async () => {
    const key = { algorithm: 'ssh-ed25519', sha256: 'SHA256:new' };
    const { asked, onclose, user } = open(({ acceptFingerprint }) =>
      answer(acceptFingerprint === null ? { outcome: 'host-key-unknown', fingerprints: [key] } : {}),
    );
    await user.type(screen.getByRole('textbox', { name: 'User' }), 'pi');
    await user.click(screen.getByRole('button', { name: 'Connect' }));
    expect(await screen.findByText('SHA256:new')).toBeVisible();
    expect(asked).toHaveBeenCalledOnce();
    await user.click(screen.getByRole('button', { name: 'Yes, trust this machine' }));
    await waitFor(() => expect(onclose).toHaveBeenCalledOnce());
    expect(asked.mock.lastCall?.[0]).toMatchObject({
      acceptFingerprint: 'SHA256:new',
      user: 'pi',
      login: { kind: 'agent' },
    });
  });

  it('stops at a changed key, with both fingerprints and no way to wave it through', async () => {
    const { asked, user } = open(() =>
      answer({
        outcome: 'host-key-changed',
        pinned: [{ algorithm: 'ssh-ed25519', sha256: 'SHA256:old' }],
        fingerprints: [{ algorithm: 'ssh-ed25519', sha256: 'SHA256:new' }],
      }),
    );
    await user.type(screen.getByRole('textbox', { name: 'User' }), 'pi');
    await user.click(screen.getByRole('button', { name: 'Connect' }));
    expect(await screen.findByText('SHA256:old')).toBeVisible();
    expect(screen.getByText('SHA256:new')).toBeVisible();
    expect(screen.queryByRole('button', { name: /trust/ })).toBeNull();
    expect(asked).toHaveBeenCalledOnce();
    await accessible('part');
  });

  it('asks for the sudo password only when the machine wants one', async () => {
    const { asked, onclose, user } = open(({ sudoPassword }) =>
      answer({ outcome: sudoPassword === null ? 'needs-sudo-password' : 'connected' }),
    );
    await user.type(screen.getByRole('textbox', { name: 'User' }), 'pi');
    expect(screen.queryByLabelText('sudo password')).toBeNull();
    await user.click(screen.getByRole('button', { name: 'Connect' }));
    await user.type(await screen.findByLabelText('sudo password'), 'hidden');
    await user.click(screen.getByRole('button', { name: 'Connect' }));
    await waitFor(() => expect(onclose).toHaveBeenCalled());
    expect(asked.mock.lastCall?.[0].sudoPassword).toBe('hidden');
  });

  it.each<[Code, string, RegExp]>([
    ['connection-refused', 'Port', /refuses connections/],
    ['sudo-refused', 'User', /may not use sudo/],
    ['authentication-failed', 'User', /does not let pi in/],
  ])('shows %s at the field %s', async (code, field, words) => {
    const { user } = open(() => refuse(code));
    await user.type(screen.getByRole('textbox', { name: 'User' }), 'pi');
    await user.click(screen.getByRole('button', { name: 'Connect' }));
    await waitFor(() =>
      expect(screen.getByRole('textbox', { name: field })).toHaveAccessibleDescription(words),
    );
  });

  it('shows what no field can mend above the form', async () => {
    const { user } = open(() => refuse('host-unreachable'));
    await user.type(screen.getByRole('textbox', { name: 'User' }), 'pi');
    await user.click(screen.getByRole('button', { name: 'Connect' }));
    expect(await screen.findByRole('alert')).toHaveTextContent('pi-1 cannot be reached.');
  });
});

it.each([
  ['passphrase-wrong', 'key', 'passphrase'],
  ['key-kind-unsupported', 'key', 'path'],
  ['agent-unavailable', 'agent', 'agent'],
  ['agent-unavailable', 'password', null],
  ['authentication-failed', 'password', 'password'],
  ['connection-lost', 'key', null],
] as const)('%s with %s belongs to %s', (code, method, field) => expect(fieldOf(code, method)).toBe(field));
