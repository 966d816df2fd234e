// The page Health over the invented homelab: what is wrong in order, what puts it right, who knows of it, and the work.
import { render, screen, waitFor, within } from '@testing-library/svelte';
import userEvent from '@testing-library/user-event';
import { beforeEach, expect, it } from 'vitest';
import { openDoor } from '../src/api/door';
import App from '../src/App.svelte';
import { accessible } from './accessible';
import { Homelab } from './fixture/homelab';
import { exposures } from './fixture/stack';
import { chartFailed, ingressRetired, nodePressure, recordMissing, wrong } from './fixture/wrong';

const user = userEvent.setup();
let lab: Homelab;
beforeEach(() => {
  lab = new Homelab();
  lab.cluster = { name: 'home', machines: [] } as unknown as NonNullable<Homelab['cluster']>;
  lab.exposed = exposures();
  lab.wrong = wrong;
  lab.hushed.set(nodePressure.id, { kind: 'acknowledged' });
  openDoor(lab);
});
const open = () => {
  location.hash = '#/health';
  render(App);
};
const list = async () => within(await screen.findByRole('list', { name: 'What is wrong now' }));
const card = async (name: RegExp) => within((await list()).getByRole('listitem', { name }));
const known = async () => within(await screen.findByRole('region', { name: 'Known' }));

it('tells the worst first, each with its word and its evidence, and what is known below', async () => {
  open();
  const grades = (await list()).getAllByRole('listitem').map((item) => item.dataset.grade);
  expect(grades).toEqual(['down', 'degraded', 'notice']);
  expect(screen.getByRole('link', { name: /^Health/ })).toHaveAccessibleName('Health 1 down');
  // What the summary notes is among the conditions: it is counted here, and not at the stack, too.
  expect(screen.getByRole('link', { name: 'Stack' })).toBeVisible();
  expect((await known()).getByRole('listitem', { name: /runs out of disk/ })).toHaveTextContent(/^Degraded/);
  const chart = await card(/chart cert-manager/);
  expect(chart.getByText('Degraded')).toBeVisible();
  await user.click(chart.getByText('Evidence'));
  expect(chart.getByText(chartFailed.id)).toBeVisible();
  expect(chart.getByText('Error: context deadline exceeded')).toBeVisible();
  expect(await card(/no security fixes/)).toBeDefined();
  await accessible();
});

it('previews what would put it right, and leads back to it', async () => {
  open();
  const record = await card(/grafana.example.test has no record/);
  await user.click(record.getByRole('button', { name: 'Write records anew' }));
  await screen.findByRole('heading', { name: 'What will happen' });
  expect([...lab.plans.values()].at(-1)?.change).toEqual(recordMissing.fix);
  await accessible();
  await user.click(screen.getByRole('button', { name: 'Back' }));
  await waitFor(() =>
    expect(document.activeElement).toHaveAccessibleName(/grafana.example.test has no record/),
  );
  const retired = await card(/no security fixes/);
  expect(retired.getByRole('button', { name: 'Move to Traefik' })).toBeEnabled();
  const chart = await card(/chart cert-manager/);
  expect(chart.getByRole('button', { name: 'Repair cert-manager' })).toBeEnabled();
});

it('shows the services in the flow, and why', async () => {
  open();
  const record = await card(/grafana.example.test has no record/);
  await user.click(record.getByRole('button', { name: /^Why\?/ }));
  const why = await screen.findByRole('dialog', { name: 'The way to grafana.example.test' });
  await user.click(within(why).getAllByRole('button', { name: 'Close' })[0] as HTMLElement);
  await user.click(await record.findByRole('link', { name: 'grafana.example.test' }));
  const path = within(await screen.findByRole('complementary', { name: 'Path' }));
  expect(path.getByRole('heading', { name: 'grafana' })).toBeVisible();
});

it('is quiet about what somebody knows of, by keys alone, and tells again', async () => {
  open();
  const record = await card(/grafana.example.test has no record/);
  record.getByRole('button', { name: /^I know/ }).focus();
  await user.keyboard('{Enter}');
  await waitFor(() => expect(lab.hushed.get(recordMissing.id)).toEqual({ kind: 'acknowledged' }));
  const row = await (await known()).findByRole('listitem', { name: /has no record/ });
  expect(row).toHaveFocus();
  expect(screen.getByRole('link', { name: /^Health/ })).toHaveAccessibleName('Health 1 degraded');
  await user.tab();
  await user.keyboard('{Enter}');
  await waitFor(() => expect(lab.hushed.has(recordMissing.id)).toBe(false));

  const chart = await card(/chart cert-manager/);
  await user.click(chart.getByText('Remind me'));
  await user.click(chart.getByRole('button', { name: 'In 8 hours' }));
  const hush = await waitFor(() => lab.hushed.get(chartFailed.id) ?? expect.fail('not asked yet'));
  expect(hush.kind === 'snoozed' && hush.until - Date.now()).toBeGreaterThan(7.9 * 3_600_000);
  const quiet = await (await known()).findByRole('listitem', { name: /chart cert-manager/ });
  expect(quiet).toHaveTextContent(/Quiet until/);
  await accessible();
});

it('takes up and ends the work on a machine', async () => {
  open();
  const section = within(await screen.findByRole('region', { name: 'Maintenance' }));
  const what = section.getByRole('combobox', { name: 'Machine or service' });
  await waitFor(() => expect(within(what).getAllByRole('option')).toHaveLength(1 + 3 + 7));
  expect(section.getByRole('button', { name: 'Begin' })).toBeDisabled();
  await user.selectOptions(what, 'nuc-1');
  await user.selectOptions(section.getByRole('combobox', { name: 'For how long' }), 'open');
  await user.click(section.getByRole('button', { name: 'Begin' }));
  const works = within(await section.findByRole('list', { name: 'What is being worked on' }));
  expect(works.getByRole('listitem')).toHaveTextContent('nuc-1 until you end it');
  expect(within(what).queryByRole('option', { name: /nuc-1/ })).toBeNull();
  await accessible();
  await user.click(works.getByRole('button', { name: 'End the work on nuc-1' }));
  expect(await section.findByText('Nothing is being worked on.')).toBeVisible();
  expect(section.getByRole('heading', { name: 'Maintenance' })).toHaveFocus();
  expect(lab.maintenance.size).toBe(0);
});

it('follows what is told, and is calm when all is well', async () => {
  open();
  await list();
  lab.tell({ kind: 'conditions', conditions: [ingressRetired] });
  await waitFor(async () => expect((await list()).getAllByRole('listitem')).toHaveLength(1));
  expect(screen.getByRole('link', { name: 'Health' })).toBeVisible();
  lab.tell({ kind: 'conditions', conditions: [] });
  expect(await screen.findByRole('heading', { name: 'All is well' })).toBeVisible();
  expect(screen.getByText(/^7 services are watched/)).toBeVisible();
  // A number is missing: something was not heard, and all is asked again.
  lab.seq += 2;
  lab.tell({ kind: 'conditions', conditions: [] });
  await waitFor(async () => expect((await list()).getAllByRole('listitem')).toHaveLength(3));
  await accessible();
});

it('says at the condition why there is no preview, and where there is more to choose', async () => {
  const call = lab.call.bind(lab);
  lab.call = (name, request) =>
    name === 'preview'
      ? Promise.reject({ code: 'traefik-too-old', args: { version: '2.11' }, detail: null })
      : call(name, request);
  open();
  const retired = await card(/no security fixes/);
  await user.click(retired.getByRole('button', { name: 'Move to Traefik' }));
  expect(await retired.findByRole('alert')).toHaveTextContent(/Upgrade K3s/);
  expect(retired.getByRole('link', { name: 'To the page Stack' })).toHaveAttribute('href', '#/stack/ingress');
  expect(screen.getAllByRole('alert')).toHaveLength(1);
  await accessible();
});

it('says when nobody could be asked, and asks again', async () => {
  const call = lab.call.bind(lab);
  let away = true;
  lab.call = (name, request) =>
    away && name === 'conditions'
      ? Promise.reject({ code: 'store-failed', args: { path: '/p' }, detail: null })
      : call(name, request);
  open();
  expect(await screen.findByRole('alert')).toHaveTextContent(/database could not be used/);
  expect(screen.queryByRole('heading', { name: 'All is well' })).toBeNull();
  away = false;
  await user.click(screen.getByRole('button', { name: 'Try again' }));
  expect((await list()).getAllByRole('listitem')).toHaveLength(3);
  expect(screen.queryByRole('alert')).toBeNull();
});
