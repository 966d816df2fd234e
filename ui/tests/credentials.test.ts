// The page Credentials over the invented homelab: what is stored where, and what follows when it is forgotten.
import { render, screen, waitFor, within } from '@testing-library/svelte';
import userEvent from '@testing-library/user-event';
import { beforeEach, expect, it } from 'vitest';
import { openDoor } from '../src/api/door';
import App from '../src/App.svelte';
import { credentials } from '../src/state/answer.svelte';
import { accessible } from './accessible';
import { logins } from './fixture/credentials';
import { Homelab } from './fixture/homelab';
import { hosts } from './fixture/machines';

const user = userEvent.setup();
let lab: Homelab;
beforeEach(() => {
  lab = new Homelab();
  openDoor(lab);
});
function open() {
  location.hash = '#/credentials';
  render(App);
}
function fillUp() {
  lab.cluster = { name: 'home', machines: [] } as unknown as NonNullable<Homelab['cluster']>;
  lab.logins = logins();
  for (const host of hosts.slice(0, 4)) {
    lab.seen.set(host.id, host);
    lab.trusted.add(host.addresses[0] ?? '');
  }
}
const row = async (table: string, name: string) => {
  const cell = await within(await screen.findByRole('table', { name: table })).findByRole('cell', { name });
  return within(cell.closest('tr') as HTMLElement);
};
const press = async (name: string | RegExp) => user.click(await screen.findByRole('button', { name }));

it('teaches what will be here while nothing is stored', async () => {
  lab.token = false;
  open();
  expect(await screen.findByText(/No login is stored yet/)).toBeVisible();
  expect(screen.getByText(/No host key is pinned yet/)).toBeVisible();
  expect(await screen.findAllByText('Not given yet.')).toHaveLength(2);
  expect(screen.getByText(/GNOME Keyring, KWallet/)).toBeVisible();
  expect(screen.getByRole('link', { name: 'Find machines' })).toHaveAttribute('href', '#/machines');
  expect(screen.queryByRole('heading', { name: 'The way into the cluster' })).toBeNull();
  await accessible();
});

it('says of each login by what it is and where its secret is', async () => {
  fillUp();
  open();
  const pi = await row('Machine logins', 'pi-1 in your cluster');
  expect(pi.getByText('pi@192.168.1.81')).toBeVisible();
  expect(pi.getByText('~/.ssh/id_ed25519')).toBeVisible();
  expect(pi.getByText('passphrase: in the keyring')).toBeVisible();
  expect(
    (await row('Machine logins', 'pi-3 in your cluster')).getByText('sudo password: for this run'),
  ).toBeVisible();
  expect((await row('Machine logins', 'nuc-1')).getByText('password: in the keyring')).toBeVisible();
  const backup = await row('Machine logins', 'backup.lan');
  expect(backup.getByText('backup.lan:2222')).toBeVisible();
  expect(backup.getByText('nothing')).toBeVisible();
  expect(screen.getByText('Only you can read it (mode 600)')).toBeVisible();
  expect(await screen.findByRole('region', { name: 'Your token' })).toBeVisible();
  await accessible();
});

it('forgets a login of the cluster once it has said what follows, and connects again as before', async () => {
  fillUp();
  lab.password = 'planted';
  open();
  await press('Forget: pi-1');
  const dialog = within(await screen.findByRole('dialog', { name: 'Forget the login to pi-1?' }));
  expect(dialog.getByText(/pi-1 is part of your cluster/)).toBeVisible();
  await accessible();
  await user.click(dialog.getByRole('button', { name: 'Cancel' }));
  expect(lab.logins).toHaveLength(4);
  await press('Forget: pi-1');
  await press('Forget the login');
  await waitFor(() => expect(screen.queryByRole('button', { name: 'Forget: pi-1' })).toBeNull());
  expect(screen.queryByRole('dialog')).toBeNull();
  expect(lab.logins.map(({ machine }) => machine)).toEqual(['pi-3', 'nuc-1', null]);

  await press('Connect again: nuc-1');
  expect(await screen.findByRole('radio', { name: 'Password' })).toBeChecked();
  expect(screen.getByRole('textbox', { name: 'User' })).toHaveValue('admin');
  await user.click(screen.getByRole('checkbox', { name: /^Remember/, checked: true }));
  await user.type(screen.getByLabelText('Password', { selector: '[type=password]' }), lab.password);
  await press('Connect');
  await waitFor(async () =>
    expect((await row('Machine logins', 'nuc-1')).getByText('password: for this run')).toBeVisible(),
  );
  expect(JSON.stringify(credentials.value) + document.body.innerHTML).not.toContain('planted');
});

it('keeps what the keyring refuses to forget, and says why', async () => {
  fillUp();
  lab.keyring = { code: 'keyring-locked', args: {}, detail: null };
  open();
  await press('Forget: nuc-1');
  await press('Forget the login');
  const dialog = within(screen.getByRole('dialog'));
  expect(await dialog.findByRole('alert')).toHaveTextContent('The keyring is locked.');
  expect(lab.logins).toHaveLength(4);
});

it('forgets a host key only after it was shown with what that means', async () => {
  fillUp();
  open();
  const pin = await row('Pinned host keys', 'pi-2 192.168.1.82');
  const shown = pin.getByText(/^SHA256:pi-2/).textContent ?? '';
  await press('Forget the host key of pi-2');
  const dialog = within(await screen.findByRole('dialog'));
  expect(dialog.getByText(shown)).toBeVisible();
  expect(dialog.getByText(/somebody may stand between you/)).toBeVisible();
  await accessible();
  expect(lab.trusted).toContain('192.168.1.82');
  await user.click(dialog.getByRole('button', { name: 'Forget the key' }));
  await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull());
  expect(lab.trusted).not.toContain('192.168.1.82');
});

it('asks a homelab without Cloudflare for no token', async () => {
  fillUp();
  lab.token = false;
  lab.stack = { ...lab.stack, names: { kind: 'home', domain: 'home.arpa' } };
  open();
  expect(await screen.findByText(/without Cloudflare: no token is needed/)).toBeVisible();
  expect(screen.queryByRole('region', { name: 'Your token' })).toBeNull();
});

it('is reached by its keys', async () => {
  location.hash = '#/machines';
  render(App);
  await screen.findByRole('heading', { name: 'Machines' });
  await user.keyboard('gk');
  expect(await screen.findByRole('heading', { name: 'Credentials', level: 1 })).toBeVisible();
});
