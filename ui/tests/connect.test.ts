// What can go wrong while connecting, each shown where it can be put right.
import { render, screen, waitFor } from '@testing-library/svelte';
import userEvent from '@testing-library/user-event';
import { describe, expect, it, vi } from 'vitest';
import { openDoor, type Host as Door } from '../src/api/door';
import type { Code, Connect, Connected } from '../src/api/types';
import ConnectDialog from '../src/machines/ConnectDialog.svelte';
import { targetOf } from '../src/machines/describe';
import { fieldOf } from '../src/machines/fields';
import { accessible } from './accessible';
import { facts, hosts } from './fixture/machines';

const welcome: Connected = {
  address: '192.168.1.81',
  user: 'pi',
  fingerprint: 'SHA256:new',
  facts: facts('pi-1'),
};
const refuse = (code: Code, args: Record<string, string> = {}): never => {
  throw { code, args: { user: 'pi', port: '22', address: 'pi-1', ...args }, detail: null };
};

function open(reply: (request: Connect) => Connected) {
  const asked = vi.fn(reply);
  const forgotten = vi.fn();
  const door: Door = {
    call: (name, request) =>
      Promise.resolve().then(() =>
        name === 'connect' ? asked(request as Connect) : forgotten(name, request),
      ),
    listen: () => () => undefined,
  };
  openDoor(door);
  const onclose = vi.fn();
  render(ConnectDialog, { targets: hosts.slice(0, 1).map(targetOf), onclose });
  return { asked, forgotten, onclose, user: userEvent.setup() };
}
const submit = (user: ReturnType<typeof userEvent.setup>) =>
  user.click(screen.getByRole('button', { name: 'Connect' }));

describe('the connect dialog', () => {
  it('asks before it trusts a new machine, and accepts exactly the fingerprint it showed', async () => {
    const { asked, onclose, user } = open(({ accept }) =>
      accept === null
        ? refuse('host-key-unknown', { kind: 'ssh-ed25519', fingerprint: 'SHA256:new', knownAt: '' })
        : welcome,
    );
    await user.type(screen.getByRole('textbox', { name: 'User' }), 'pi');
    await submit(user);
    expect(await screen.findByText('SHA256:new')).toBeVisible();
    expect(asked).toHaveBeenCalledOnce();
    await user.click(screen.getByRole('button', { name: 'Yes, trust this machine' }));
    await waitFor(() => expect(onclose).toHaveBeenCalledOnce());
    expect(asked.mock.lastCall?.[0]).toMatchObject({
      accept: 'SHA256:new',
      user: 'pi',
      method: { kind: 'usual' },
      password: null,
    });
  });

  it('stops at a changed key with both fingerprints, and forgets the old one only when told to', async () => {
    const { asked, forgotten, user } = open(() =>
      refuse('host-key-changed', {
        kind: 'ssh-ed25519',
        fingerprint: 'SHA256:new',
        pinned: 'SHA256:old',
        pinnedKind: 'ssh-rsa',
      }),
    );
    await submit(user);
    expect(await screen.findByText('SHA256:old')).toBeVisible();
    expect(screen.getByText('SHA256:new')).toBeVisible();
    expect(screen.queryByRole('button', { name: /trust/ })).toBeNull();
    await accessible('part');
    expect(forgotten).not.toHaveBeenCalled();
    await user.click(screen.getByRole('button', { name: 'Forget the old key' }));
    await screen.findByRole('textbox', { name: 'User' });
    expect(forgotten).toHaveBeenCalledWith('forget-host-key', { address: '192.168.1.81', port: null });
    expect(asked).toHaveBeenCalledOnce();
  });

  it('asks for the sudo password only when the machine wants one', async () => {
    const { asked, onclose, user } = open(({ password }) =>
      password === null ? refuse('sudo-password-needed') : welcome,
    );
    expect(screen.queryByLabelText('sudo password')).toBeNull();
    await submit(user);
    await user.type(await screen.findByLabelText('sudo password'), 'hidden');
    await submit(user);
    await waitFor(() => expect(onclose).toHaveBeenCalled());
    expect(asked.mock.lastCall?.[0]).toMatchObject({ password: 'hidden', method: { kind: 'usual' } });
  });

  it('sends no secret of a way to sign in that was not chosen in the end', async () => {
    const { asked, onclose, user } = open(() => welcome);
    await user.click(screen.getByRole('radio', { name: 'Password' }));
    await user.type(screen.getByLabelText('Password', { selector: '[type=password]' }), 'typed');
    await user.click(screen.getByRole('radio', { name: 'Agent' }));
    await submit(user);
    await waitFor(() => expect(onclose).toHaveBeenCalled());
    expect(asked.mock.lastCall?.[0]).toMatchObject({
      password: null,
      passphrase: null,
      method: { kind: 'agent' },
    });
  });

  it.each<[Code, string, RegExp]>([
    ['connection-refused', 'Port', /refused the connection/],
    ['sudo-refused', 'User', /may not use sudo/],
    ['authentication-failed', 'User', /did not let pi in/],
  ])('shows %s at the field %s', async (code, field, words) => {
    const { user } = open(() => refuse(code));
    await submit(user);
    await waitFor(() =>
      expect(screen.getByRole('textbox', { name: field })).toHaveAccessibleDescription(words),
    );
  });

  it('shows what no field can mend above the form', async () => {
    const { user } = open(() => refuse('host-unreachable'));
    await submit(user);
    expect(await screen.findByRole('alert')).toHaveTextContent('pi-1 cannot be reached.');
  });
});

it.each([
  ['passphrase-wrong', 'key-file', 'passphrase'],
  ['key-kind-unsupported', 'key-file', 'path'],
  ['agent-unavailable', 'agent', 'method'],
  ['password-needed', 'usual', 'method'],
  ['authentication-failed', 'password', 'password'],
  ['sudo-password-wrong', 'key-file', 'sudo'],
  ['sudo-password-wrong', 'password', 'password'],
  ['connection-lost', 'key-file', null],
] as const)('%s with %s belongs to %s', (code, method, field) => expect(fieldOf(code, method)).toBe(field));
