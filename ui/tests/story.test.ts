// The whole job in the window over an invented homelab, by roles and labels alone, with axe on each page.
import { render, screen, waitFor, within } from '@testing-library/svelte';
import userEvent from '@testing-library/user-event';
import { expect, it } from 'vitest';
import { openDoor } from '../src/api/door';
import App from '../src/App.svelte';
import { accessible } from './accessible';
import { Homelab } from './fixture/homelab';

it('goes from bare machines to a service that answers', { timeout: 180_000 }, async () => {
  const user = userEvent.setup();
  const lab = new Homelab();
  openDoor(lab);
  render(App);

  const line = await screen.findByRole('list', { name: 'The steps of the set-up' });
  expect(within(line).getByRole('listitem', { current: 'step' }).textContent).toMatch(/Find machines/);
  await user.click(within(line).getByRole('link', { name: 'Find machines' }));
  await screen.findByRole('heading', { name: 'Find the machines on your network' });
  await accessible();
  await user.click(screen.getByRole('button', { name: 'Scan the network' }));
  const table = await screen.findByRole('table', { name: 'Machines' });
  await waitFor(() => expect(within(table).getAllByRole('checkbox')).toHaveLength(7));
  expect(screen.getByText('7 machines found')).toBeVisible();
  expect(
    within(table)
      .getAllByRole('checkbox', { name: /fritz|1\.44/ })
      .every((box) => box.matches(':disabled')),
  ).toBe(true);
  await accessible();

  await user.click(screen.getByRole('checkbox', { name: 'Pick pi-1' }));
  await user.click(screen.getByRole('checkbox', { name: 'Pick pi-3' }));
  await user.click(screen.getByRole('button', { name: 'Connect 2' }));
  const sheet = await screen.findByRole('dialog', { name: 'Connect to pi-1' });
  await user.type(within(sheet).getByRole('textbox', { name: 'User' }), 'pi');
  await user.click(within(sheet).getByRole('radio', { name: 'Password' }));
  await user.type(within(sheet).getByLabelText('Password', { selector: '[type=password]' }), 'wrong');
  await user.click(within(sheet).getByRole('button', { name: 'Connect' }));
  await within(sheet).findByRole('heading', { name: 'Is this your machine?' });
  expect(within(sheet).getByText(/^SHA256:pi-1/)).toBeVisible();
  await user.click(within(sheet).getByRole('button', { name: 'Yes, trust this machine' }));

  const password = await within(sheet).findByLabelText('Password', { selector: '[type=password]' });
  await waitFor(() => expect(password).toHaveAccessibleDescription(/did not accept the password of pi/));
  await accessible();
  await user.clear(password);
  await user.type(password, 'portico');
  await user.click(within(sheet).getByRole('button', { name: 'Connect' }));
  const next = await screen.findByRole('dialog', { name: 'Connect to pi-3' });
  await user.click(within(next).getByRole('button', { name: 'Connect' }));
  await user.click(await within(next).findByRole('button', { name: 'Yes, trust this machine' }));
  await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull());

  await user.click(screen.getByRole('button', { name: 'Choose roles' }));
  const way = await screen.findByRole('list', { name: 'Way to your cluster' });
  const step = () => within(way).getByRole('listitem', { current: 'step' });
  await screen.findByRole('heading', { name: 'Who does what' });
  expect(await screen.findByText('The memory cgroup is off, and K3s needs it.')).toBeVisible();
  await waitFor(() => expect(step()).toHaveTextContent(/Preview/));
  await accessible();
  const worker = within(screen.getByRole('group', { name: 'Role of pi-3' }));
  await user.click(worker.getByRole('radio', { name: 'Server' }));
  expect(await screen.findByText(/Two servers are less safe than one/)).toBeVisible();
  expect(screen.getByRole('button', { name: 'Preview the build' })).toBeDisabled();
  expect(step()).toHaveTextContent(/Roles.*2 servers/);
  await user.click(worker.getByRole('radio', { name: 'Worker' }));
  await waitFor(() => expect(screen.getByRole('button', { name: 'Preview the build' })).toBeEnabled());
  await user.click(screen.getByRole('button', { name: 'Preview the build' }));

  await screen.findByRole('heading', { name: 'What will happen' });
  expect(step()).toHaveTextContent(/Build/);
  await user.click(screen.getByRole('button', { name: 'Show command: Memory cgroup, restart' }));
  expect(screen.getByRole('group', { name: 'Command of Memory cgroup, restart' })).toHaveTextContent(
    'cmdline.txt',
  );
  expect(lab.runs.size).toBe(0);
  await accessible();
  await user.click(screen.getByRole('button', { name: 'Build the cluster' }));
  await screen.findByRole('heading', { name: 'Your cluster is ready' });
  expect(screen.getByText('10 of 10 steps', { selector: 'b' })).toBeVisible();
  // This homelab has services already, so nothing is left to do.
  await waitFor(() => expect(within(way).queryByRole('listitem', { current: 'step' })).toBeNull());
  await accessible();

  await user.click(screen.getByRole('link', { name: 'Open the first service' }));
  await user.click(await screen.findByRole('link', { name: 'Add service' }));
  const name = await screen.findByRole('textbox', { name: 'Name' });
  await waitFor(() => expect(name).toHaveValue('echo-2'));
  await accessible();
  await user.clear(name);
  await user.type(name, 'Bad_Name');
  await user.click(screen.getByRole('button', { name: 'Preview' }));
  await waitFor(() => expect(name).toHaveAccessibleDescription(/cannot be a hostname/));
  expect(name).toHaveAttribute('aria-invalid', 'true');
  expect(lab.plans.size).toBe(1);
  await user.clear(name);
  await user.type(name, 'echo-2');
  await user.click(screen.getByRole('button', { name: 'Preview' }));
  await user.click(await screen.findByRole('button', { name: 'Add the service' }));
  await screen.findByRole('heading', { name: 'echo-2.example.test answers' });
  expect(lab.exposed.at(-1)).toMatchObject({ name: 'echo-2', hostname: 'echo-2.example.test', reach: 'lan' });

  await user.click(screen.getByRole('link', { name: 'Flow' }));
  await user.click(await screen.findByRole('radio', { name: 'Table' }));
  const hops = await screen.findByRole('table', { name: 'Flow of traffic' });
  await user.click(within(within(hops).getByRole('row', { name: /^Service grafana / })).getByRole('button'));
  const path = screen.getByRole('complementary', { name: 'Path' });
  expect(within(path).getByRole('heading', { name: 'grafana' })).toBeVisible();
  expect(within(path).getAllByRole('listitem')).toHaveLength(10);
  await accessible();

  await user.click(screen.getByRole('link', { name: 'Runs' }));
  await user.click(await screen.findByRole('link', { name: 'Build the cluster home' }));
  expect(await screen.findByRole('heading', { name: 'Build the cluster home' })).toBeVisible();
  await accessible();
});
