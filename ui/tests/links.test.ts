// The address names what is meant on a page, as a link from outside does; and the palette gives such a link.
import { render, screen, waitFor } from '@testing-library/svelte';
import userEvent from '@testing-library/user-event';
import { beforeEach, expect, it, vi } from 'vitest';
import { openDoor } from '../src/api/door';
import App from '../src/App.svelte';
import { flow } from '../src/state/flow.svelte';
import { Homelab } from './fixture/homelab';
import { exposures } from './fixture/stack';
import { chartFailed, wrong } from './fixture/wrong';

beforeEach(() => {
  const lab = new Homelab();
  lab.cluster = { name: 'home', machines: [] } as unknown as NonNullable<Homelab['cluster']>;
  lab.exposed = exposures();
  lab.wrong = wrong;
  openDoor(lab);
  flow.selected = null;
});
const open = (hash: string) => {
  location.hash = hash;
  render(App);
};

it('goes to the condition that a link names', async () => {
  open(`#/health/${encodeURIComponent(chartFailed.id)}`);
  await waitFor(() => expect(document.activeElement?.id).toBe(`condition-${chartFailed.id}`));
});

it('lights the path that a link names, once, and gives the same link', async () => {
  const hop = `service/${exposures().map(({ name }) => name)[0]}`;
  open(`#/flow/${hop}`);
  await waitFor(() => expect(flow.selected).toBe(hop));

  const user = userEvent.setup();
  const copied = vi.spyOn(navigator.clipboard, 'writeText');
  await user.keyboard('{Control>}k{/Control}');
  await user.type(await screen.findByRole('combobox'), 'copy a link');
  await user.keyboard('{Enter}');
  await waitFor(() => expect(copied).toHaveBeenCalledWith(`portico://flow/${encodeURIComponent(hop)}`));

  // Whoever looks on is not led back.
  flow.selected = null;
  flow.graph = flow.graph && { ...flow.graph };
  await new Promise((resolve) => setTimeout(resolve));
  expect(flow.selected).toBeNull();
});

it.each(['#/nowhere/at-all', '#/health/%E0%A4%A', '#/flow/no-such-hop'])('opens with %s', async (hash) => {
  open(hash);
  expect(await screen.findByRole('navigation')).toBeVisible();
});
