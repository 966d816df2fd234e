// Alerts in Settings over the invented homelab: channels are added, tried, and refused at the field that is wrong.
import { render, screen, waitFor, within } from '@testing-library/svelte';
import userEvent from '@testing-library/user-event';
import { beforeEach, expect, it } from 'vitest';
import { openDoor } from '../src/api/door';
import App from '../src/App.svelte';
import { alerts } from '../src/state/answer.svelte';
import { accessible } from './accessible';
import { PASSWORD } from './fixture/alerts';
import { Homelab } from './fixture/homelab';

const user = userEvent.setup();
let lab: Homelab;
beforeEach(() => {
  lab = new Homelab();
  alerts.value = null;
  openDoor(lab);
});
async function open() {
  location.hash = '#/settings/alerts';
  render(App);
  return within(await screen.findByRole('region', { name: 'Alerts' }));
}
const press = async (name: string | RegExp) => user.click(await screen.findByRole('button', { name }));
const dialog = async () => within(await screen.findByRole('dialog'));
const add = (name: string, topic = 'lab') =>
  lab.alerts.set({
    channel: {
      id: '',
      name,
      on: true,
      from: 'down',
      way: { kind: 'ntfy', server: 'https://ntfy.example.test', topic },
    },
    secret: 'tk_planted',
    url: null,
    thisRun: false,
  });

it('teaches what alerts are for while no message leaves this computer', async () => {
  const section = await open();
  expect(await section.findByText('No message leaves this computer yet')).toBeVisible();
  expect(section.getByText(/your phone through ntfy/)).toBeVisible();
  expect(section.getByText(/Portico has to run for that/)).toBeVisible();
  await accessible();
});

it('tries an e-mail channel before it is kept, and says what is wrong at its field', async () => {
  const section = await open();
  await press('Add e-mail');
  const form = await dialog();
  await press('Send a test');
  const host = form.getByRole('textbox', { name: 'Mail server' });
  await waitFor(() => expect(host).toHaveAttribute('aria-invalid', 'true'));
  expect(host).toHaveAccessibleDescription(/smtp\.example\.com/);
  await user.type(host, 'smtp.example.test');
  expect(form.getByRole('textbox', { name: 'Port' })).toHaveValue('465');
  await user.click(form.getByRole('radio', { name: 'STARTTLS' }));
  expect(form.getByRole('textbox', { name: 'Port' })).toHaveValue('587');
  await user.type(form.getByRole('textbox', { name: 'User' }), 'me');
  await user.type(form.getByRole('textbox', { name: 'From' }), 'me@example.test');
  await user.type(form.getByRole('textbox', { name: 'To' }), 'me@example.test');
  const password = form.getByLabelText('Password');
  await user.type(password, 'wrong');
  await press('Send a test');
  await waitFor(() => expect(password).toHaveAccessibleDescription(/535 authentication failed/));
  await accessible();
  await user.clear(password);
  expect(password).not.toHaveAttribute('aria-invalid');
  await user.type(password, PASSWORD);
  await press('Send a test');
  expect(await form.findByText(/The test message was taken/)).toBeVisible();
  expect(lab.alerts.list).toHaveLength(0);
  await press('Save the channel');
  await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull());
  expect(section.getByText('Mail to me@example.test through smtp.example.test')).toBeVisible();
  expect(lab.alerts.list[0]?.channel.way).toMatchObject({ port: 587, encryption: 'starttls', user: 'me' });
  expect(JSON.stringify(alerts.value) + document.body.innerHTML).not.toContain(PASSWORD);
});

it('keeps a webhook whose address is shown by its host alone, and asks for it no second time', async () => {
  const section = await open();
  await press('Add webhook');
  await press('Save the channel');
  const address = await screen.findByLabelText('Address');
  await waitFor(() => expect(address).toHaveAttribute('aria-invalid', 'true'));
  await user.type(address, 'https://hooks.example.test/very-secret');
  await press('Save the channel');
  expect(await section.findByText('Webhook at hooks.example.test')).toBeVisible();
  await press('Edit: Webhook');
  expect(screen.getByText(/The one at hooks.example.test is stored/)).toBeVisible();
  await user.click((await dialog()).getByRole('radio', { name: 'Down' }));
  await press('Save the channel');
  await waitFor(() => expect(lab.alerts.list[0]?.channel.from).toBe('down'));
  expect(document.body.innerHTML).not.toContain('very-secret');
});

it('offers to keep a secret for this run where there is no keyring', async () => {
  lab.keyring = { code: 'keyring-unavailable', args: {}, detail: null };
  await open();
  await press('Add ntfy');
  const form = await dialog();
  await user.type(form.getByRole('textbox', { name: 'Topic' }), 'lab');
  await user.type(form.getByLabelText('Access token'), 'tk');
  await press('Save the channel');
  await user.click(await form.findByRole('checkbox', { name: 'Only until Portico ends' }));
  await press('Save the channel');
  await waitFor(() => expect(lab.alerts.list[0]?.secret).toBe('this-run'));
});

it('says how the last message went, switches, tries and removes', async () => {
  add('Phone');
  const state = lab.alerts.list[0];
  if (!state) throw new Error('it is there');
  const refused = { address: 'ntfy.example.test', reason: 'forbidden', field: 'topic' };
  state.last = {
    at: Date.now() - 120_000,
    problem: { code: 'alert-login-refused', args: refused, detail: null },
    lost: false,
  };
  state.waiting = 2;
  const section = await open();
  expect(await section.findByText(/Not delivered 2 min\. ago; Portico tries again/)).toBeVisible();
  expect(section.getByText('2 messages wait')).toBeVisible();
  expect(section.getByText(/does not accept the login: forbidden/)).toBeVisible();
  await accessible();
  await user.click(section.getByRole('switch', { name: 'Phone is told' }));
  await waitFor(() => expect(lab.alerts.list[0]?.channel.on).toBe(false));
  await press('Send a test: Phone');
  expect(await section.findByText(/The test message was taken/)).toBeVisible();
  expect(lab.alerts.tested).toEqual(['Phone']);
  await press('Remove: Phone');
  await user.click((await dialog()).getByRole('button', { name: 'Remove' }));
  await waitFor(() => expect(lab.alerts.list).toHaveLength(0));
});

it('holds messages in quiet hours and sends a digest when it is told so', async () => {
  const section = await open();
  await user.click(await section.findByRole('checkbox', { name: 'Quiet hours' }));
  await user.click(section.getByRole('checkbox', { name: 'Daily digest' }));
  const number = section.getByRole('textbox', { name: /Messages an hour/ });
  await user.clear(number);
  await user.type(number, 'many');
  await user.click(section.getByRole('button', { name: 'Save' }));
  await waitFor(() => expect(number).toHaveAccessibleDescription(/12/));
  await user.clear(number);
  await user.type(number, '6');
  await user.click(section.getByRole('button', { name: 'Save' }));
  expect(await section.findByText('Saved.')).toBeVisible();
  expect(lab.alerts.timing).toEqual({
    quiet: { from: 1320, until: 420, through: 'down' },
    digest: 480,
    perHour: 6,
  });
  await accessible();
});

it('lists the secrets of channels on the page Credentials, and forgets them there', async () => {
  add('Phone');
  location.hash = '#/credentials';
  render(App);
  const section = within(await screen.findByRole('region', { name: 'Alerts' }));
  expect(section.getByText('access token: in the keyring')).toBeVisible();
  await press('Forget: Phone');
  await accessible();
  await press('Forget the secrets');
  await waitFor(() => expect(screen.queryByRole('region', { name: 'Alerts' })).toBeNull());
  expect(lab.alerts.list[0]?.secret).toBe('nowhere');
  expect(document.body.innerHTML).not.toContain('tk_planted');
});
