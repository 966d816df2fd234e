// The stack and both kinds of service in the window, over the invented homelab: what is in the way, and each way on.
import { cleanup, render, screen, waitFor, within } from '@testing-library/svelte';
import userEvent from '@testing-library/user-event';
import { beforeEach, expect, it } from 'vitest';
import { openDoor } from '../src/api/door';
import App from '../src/App.svelte';
import { tokens } from '../src/state/answer.svelte';
import { accessible } from './accessible';
import { Homelab } from './fixture/homelab';
import { exposures } from './fixture/stack';

const user = userEvent.setup();
let lab: Homelab;
beforeEach(() => {
  lab = new Homelab();
  lab.cluster = { name: 'home', machines: [] } as unknown as NonNullable<Homelab['cluster']>;
  lab.exposed = exposures();
  openDoor(lab);
});
const open = (address: string) => {
  location.hash = address;
  render(App);
};
const press = async (name: string | RegExp) => user.click(await screen.findByRole('button', { name }));

it('keeps a token for this run only where there is no keyring, and never keeps what was typed', async () => {
  open('#/stack/tokens');
  const card = within(await screen.findByRole('region', { name: "The cluster's token" }));
  await user.click(await card.findByRole('button', { name: /^Give the token/ }));
  const field = card.getByLabelText("The cluster's Cloudflare token");
  await user.type(field, 'bad');
  await user.click(card.getByRole('button', { name: 'Use this token' }));
  await waitFor(() => expect(field).toHaveAccessibleDescription(/Cloudflare does not accept the token/));
  expect(card.queryByRole('checkbox')).toBeNull();
  await user.clear(field);
  await user.type(field, 'good');
  await user.click(card.getByRole('button', { name: 'Use this token' }));
  await waitFor(() => expect(field).toHaveAccessibleDescription(/no keyring/));
  await accessible();
  await user.click(await card.findByRole('checkbox', { name: 'Keep it for this run only' }));
  await user.click(card.getByRole('button', { name: 'Use this token' }));
  expect(await card.findByText(/Kept for this run only/)).toBeVisible();
  const canDo = (name: string) =>
    within(within(screen.getByRole('region', { name })).getByRole('list', { name: 'What it can do' }));
  expect(canDo("The cluster's token").getAllByRole('listitem')).toHaveLength(2);
  expect(canDo('Your token').getAllByRole('listitem')[3]).toHaveTextContent(
    /not granted.*needed for logins in front of them/,
  );
  expect(JSON.stringify(tokens)).not.toContain('good');
  await accessible();
});

it('sets the stack up, tokens first', async () => {
  open('#/stack/set-up');
  const step = within(await screen.findByRole('region', { name: 'Tokens' }));
  expect(await step.findByText("The cluster's token: missing")).toBeVisible();
  await user.type(screen.getByRole('textbox', { name: 'E-mail' }), 'me@example.test');
  expect(screen.getByRole('textbox', { name: 'Name of the tunnel' })).toHaveValue('portico-home');
  await accessible();
  await press('Preview');
  expect(await screen.findByText("Seal the cluster's token")).toBeVisible();
  await press('Set up');
  await screen.findByRole('heading', { name: 'The stack is set up' });
  expect(lab.stack).toMatchObject({ tunnel: 'portico-home', acme: { authority: { kind: 'production' } } });
});

it('takes over what is somebody else’s only for the name that it was told for', async () => {
  open('#/services/add');
  const name = await screen.findByRole('textbox', { name: 'Name' });
  await waitFor(() => expect(screen.getByRole('button', { name: 'Preview' })).toBeEnabled());
  await user.clear(name);
  await user.type(name, 'nas');
  await press('Preview');
  await waitFor(() => expect(name).toHaveAccessibleDescription(/has a record of yours already/));
  await user.click(screen.getByRole('checkbox', { name: /Take it over/ }));
  await user.type(name, '2');
  expect(screen.queryByRole('checkbox', { name: /Take it over/ })).toBeNull();
  await press('Preview');
  await screen.findByRole('heading', { name: 'What will happen' });
  await waitFor(() => expect([...lab.plans.values()].at(-1)?.change).toMatchObject({ adopt: false }));
});

it('switches a service to the LAN without its login, and hides an app with its data if that is wanted', async () => {
  open('#/services/edit/photos');
  expect(await screen.findByRole('textbox', { name: 'Who may log in' })).toHaveValue('me@example.test');
  expect(screen.getByRole('checkbox', { name: /I know/ })).not.toBeChecked();
  await user.click(screen.getByRole('radio', { name: 'My LAN' }));
  await press('Preview');
  await press('Change it');
  await screen.findByRole('heading', { name: 'photos.example.test answers' });
  expect(lab.exposed.find((each) => each.name === 'photos')).toMatchObject({ reach: 'lan', access: [] });
  await press('Close');
  await user.click(await screen.findByRole('link', { name: 'Hide grafana' }));
  await user.click(await screen.findByRole('checkbox', { name: /with its data|its data, too/ }));
  await press('Preview');
  await press('Hide it');
  await screen.findByRole('heading', { name: 'grafana.example.test is hidden' });
  const hidden = [...lab.runs.values()].at(-1)?.change;
  expect(hidden).toMatchObject({ kind: 'hide', uninstall: true });
  await accessible();
});

it('says who leans on a wildcard, and nothing where there is none', async () => {
  open('#/services');
  await screen.findByRole('table', { name: 'Services' });
  expect(screen.queryByRole('status', { name: 'Names in your zone' })).toBeNull();
  cleanup();
  lab.names = {
    wildcards: [
      {
        name: '*.example.test',
        kind: 'A',
        content: '203.0.113.9',
        proxy: 'proxied',
        leaning: ['tv.example.test'],
      },
    ],
    problems: [
      { code: 'wildcard-record', args: { name: '*.example.test', hosts: 'tv.example.test' }, detail: null },
      { code: 'encrypted-hello', args: { hostname: 'home.example.test' }, detail: null },
    ],
  };
  open('#/services');
  const note = await screen.findByRole('status', { name: 'Names in your zone' });
  expect(note).toHaveTextContent('These names lean on *.example.test: tv.example.test');
  expect(note).toHaveTextContent(/home.example.test.*Encrypted Client Hello/);
  await accessible();
});

it('tells at a path what is worth knowing about it, and where its visitors come from', async () => {
  open('#/flow');
  await user.click(await screen.findByRole('radio', { name: 'Table' }));
  const table = within(await screen.findByRole('table', { name: 'Flow of traffic' }));
  expect(screen.getByRole('link', { name: 'Move to Traefik' })).toBeVisible();
  await user.click(within(table.getByRole('row', { name: /^Service home / })).getByRole('button'));
  const path = within(screen.getByRole('complementary', { name: 'Path' }));
  expect(path.getByRole('heading', { name: 'From your LAN' })).toBeVisible();
  expect(path.getByText(/resolver remembers that home.example.test did not exist/)).toBeVisible();
  await user.click(table.getByRole('button', { name: 'portico-home' }));
  expect(path.getByRole('heading', { name: 'From the internet' })).toBeVisible();
  await accessible();
});
