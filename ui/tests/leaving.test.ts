// The set-up is left and taken up again: what was picked and drafted is there in the next window, for as long as it is
// of use. Every window has its own modules here, and with them its own stores: it knows what is in the storage alone.
import type { RenderResult } from '@testing-library/svelte';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Host } from '../src/api/types';
import { keep, recall, type Drafted } from '../src/state/kept';
import { documentOf } from './fixture/document';
import { Homelab } from './fixture/homelab';
import { hosts } from './fixture/machines';

const [one, two, three] = hosts as [Host, Host, Host];
let lab: Homelab;
let library: typeof import('@testing-library/svelte');
let cluster: typeof import('../src/state/cluster.svelte').cluster;
let machines: typeof import('../src/state/machines.svelte').machines;
let shown: RenderResult<never> | undefined;

async function open(page: string): Promise<void> {
  close();
  vi.resetModules();
  location.hash = page;
  library = await import('@testing-library/svelte');
  ({ cluster } = await import('../src/state/cluster.svelte'));
  ({ machines } = await import('../src/state/machines.svelte'));
  const { openDoor } = await import('../src/api/door');
  const { default: App } = await import('../src/App.svelte');
  openDoor(lab);
  shown = library.render(App) as RenderResult<never>;
  await library.waitFor(() => expect(machines.loaded).toBe(true));
}
function close(): void {
  shown?.unmount();
  shown = undefined;
}
const go = (page: string) => void (location.hash = page);
const heading = (name: string) => library.screen.findByRole('heading', { name });
const click = async (role: string, name: string) =>
  library.fireEvent.click(await library.screen.findByRole(role, { name }));
const standsAt = async (step: string) => {
  const line = await library.screen.findByRole('list', { name: 'The steps of the set-up' });
  await library.waitFor(() =>
    expect(library.within(line).getByRole('listitem', { current: 'step' })).toHaveTextContent(
      new RegExp(`${step} Next`),
    ),
  );
};
const radio = (name: string, role: string) =>
  library
    .within(library.screen.getByRole('group', { name: `Role of ${name}` }))
    .getByRole('radio', { name: role });

/** Left behind by an earlier window: pi-2 is the server. */
function left(stage: Drafted['stage'] = 'roles'): void {
  const document = documentOf(['pi-1', 'pi-2']);
  for (const machine of document.machines) machine.role = machine.name === 'pi-2' ? 'server' : 'agent';
  const ids = [one.id, two.id];
  keep('practice', { picked: ids, drafted: { document, hosts: ids, stage } });
}
const isKept = () => recall('practice').picked.length > 0;

beforeEach(() => {
  localStorage.clear();
  localStorage.setItem('portico-tour', 'seen');
  lab = new Homelab();
  for (const host of hosts) lab.seen.set(host.id, host);
  for (const { addresses } of [one, two]) lab.connected.add(addresses[0] ?? '');
});
afterEach(close);

// The first window of all takes its time: every module is read then.
describe('a window that is opened again', { timeout: 90_000 }, () => {
  it('has the picks, the document and its roles, and stands where it stood', async () => {
    await open('#/setup');
    await standsAt('Find machines');
    for (const { id } of [one, two]) machines.pick(id, true);
    go('#/cluster');
    await heading('Who does what');
    await library.fireEvent.click(radio('pi-1', 'Worker'));
    await library.fireEvent.click(radio('pi-2', 'Server'));

    await open('#/setup');
    await standsAt('Preview');
    expect(library.screen.getByText('7 machines found · 2 picked')).toBeVisible();
    expect(library.screen.getByText('2 machines connected')).toBeVisible();
    go('#/cluster');
    await heading('Who does what');
    expect(radio('pi-2', 'Server')).toBeChecked();
    expect(radio('pi-1', 'Worker')).toBeChecked();
  });

  it('shows the preview where it was left there', async () => {
    left('preview');
    await open('#/cluster');
    await heading('What will happen');
    go('#/setup');
    await standsAt('Build');
  });

  it('stands at the machines that do not let us in any more', async () => {
    left();
    lab.connected.delete(two.addresses[0] ?? '');
    await open('#/setup');
    await library.screen.findByText('1 machine connected');
    await standsAt('Connect');
    go('#/machines');
    await library.screen.findByRole('button', { name: 'Connect 1' });
  });

  it('drops a machine that is no longer known, and drafts anew for the others', async () => {
    left();
    lab.seen.delete(two.id);
    await open('#/cluster');
    await heading('Who does what');
    expect([...machines.picked]).toEqual([one.id]);
    expect(cluster.document?.machines).toEqual(documentOf(['pi-1']).machines);
  });

  it('knows a machine again of which more became known', async () => {
    left();
    lab.seen.delete(one.id);
    lab.seen.set('machine:4711', { ...one, id: 'machine:4711', formerly: [one.id] });
    await open('#/cluster');
    await heading('Who does what');
    expect([...machines.picked].toSorted()).toEqual([two.id, 'machine:4711'].toSorted());
    expect(radio('pi-2', 'Server')).toBeChecked();
  });

  it('begins with nothing where nobody can read what was left', async () => {
    localStorage.setItem('portico-set-up-practice', '{"version":7,"picked":["a"]}');
    await open('#/setup');
    await standsAt('Find machines');
    expect(library.screen.queryByRole('alert')).toBeNull();
  });

  it('knows nothing of what was left in the other world, and leaves it there', async () => {
    left();
    const rehearsed = recall('practice');
    vi.spyOn(lab, 'call').mockImplementation(async (name, request) => {
      const answer = await Homelab.prototype.call.call(lab, name, request);
      return name === 'status' ? { ...(answer as object), practice: false } : answer;
    });
    await open('#/setup');
    await standsAt('Find machines');
    machines.pick(three.id, true);
    await library.waitFor(() => expect(recall('home').picked).toEqual([three.id]));
    expect(recall('practice')).toEqual(rehearsed);
  });
});

describe('nothing is left', { timeout: 90_000 }, () => {
  it('of what is being built: the run remembers it, also where there was no time to forget', async () => {
    left('preview');
    await open('#/cluster');
    lab.pace = 60_000;
    await click('button', 'Build the cluster');
    await heading('Building your cluster');
    expect(isKept()).toBe(false);

    close();
    left('preview');
    await open('#/cluster');
    await heading('Building your cluster');
    go('#/setup');
    await standsAt('Build');
    expect(cluster.document).toBeNull();
  });

  it('once there is a cluster', async () => {
    left();
    lab.cluster = documentOf(['pi-1', 'pi-2']);
    await open('#/setup');
    await library.waitFor(() => expect(isKept()).toBe(false));
    expect(machines.chosen).toEqual([]);
  });

  it('when the rehearsal is begun anew, but for when it could not be', async () => {
    left();
    const reload = vi.spyOn(location, 'reload').mockImplementation(() => undefined);
    await open('#/setup');
    await standsAt('Preview');
    const { openWorld } = await import('../src/practice/world');
    const refused = vi.spyOn(lab, 'call').mockRejectedValue(new Error('not now'));
    await expect(openWorld({ practice: true, anew: true })).rejects.toThrow();
    refused.mockRestore();
    await openWorld({ practice: false, anew: false });
    expect(isKept()).toBe(true);
    await openWorld({ practice: true, anew: true });
    expect(reload).toHaveBeenCalledTimes(2);
    // The old page is there until the new one is read.
    machines.pick(three.id, true);
    await new Promise((resolve) => setTimeout(resolve));
    expect(isKept()).toBe(false);
  });
});
