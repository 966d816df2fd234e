// The roles as a drawing: machines moved by hand, by keys and all at once, and what is said about it.
import { fireEvent, render, screen, waitFor, within } from '@testing-library/svelte';
import userEvent from '@testing-library/user-event';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { openDoor } from '../src/api/door';
import App from '../src/App.svelte';
import { cluster } from '../src/state/cluster.svelte';
import { accessible } from './accessible';
import { documentOf } from './fixture/document';
import { Homelab } from './fixture/homelab';

const user = userEvent.setup();
const names = ['pi-1', 'pi-2', 'pi-3', 'nuc-1'];

beforeEach(async () => {
  const lab = new Homelab();
  openDoor(lab);
  vi.spyOn(lab, 'call').mockImplementation((name, request) =>
    name === 'document-read'
      ? Promise.resolve({ document: documentOf(names) })
      : Homelab.prototype.call.call(lab, name, request),
  );
  await cluster.open('');
  location.hash = '#/cluster';
  render(App);
  await screen.findByRole('group', { name: 'Servers and workers' });
});

const lane = (name: 'Servers' | 'Workers') =>
  screen.getByRole('group', { name: new RegExp(`^${name} \\d$`) });
const inLane = (name: 'Servers' | 'Workers') =>
  within(lane(name))
    .queryAllByRole('button')
    .map((tile) => names.find((known) => tile.textContent.includes(known)));
const tile = (name: string) =>
  screen.getByRole('button', { name: new RegExp(`^${name} ?, (Server|Worker)`) });
const radio = (name: string, role: string) =>
  within(screen.getByRole('group', { name: `Role of ${name}` })).getByRole('radio', { name: role });

describe('by keys', () => {
  it('a machine goes to the other lane, keeps the focus, and the move is said', async () => {
    expect(inLane('Servers')).toEqual(['pi-1']);
    expect(tile('pi-2')).toHaveAccessibleDescription(/arrow key or Enter/);
    tile('pi-2').focus();
    await user.keyboard('{ArrowLeft}');
    expect(inLane('Servers')).toEqual(['pi-1', 'pi-2']);
    await waitFor(() => expect(tile('pi-2')).toHaveFocus());
    expect(tile('pi-2')).toHaveAccessibleName(/Server/);
    expect(screen.getByText('pi-2 is a server now.')).toBeInTheDocument();
    expect(radio('pi-2', 'Server')).toBeChecked();
    await accessible();
    await user.keyboard('{ArrowLeft}');
    expect(inLane('Servers')).toEqual(['pi-1', 'pi-2']);
    await user.keyboard('{Enter}');
    expect(inLane('Servers')).toEqual(['pi-1']);
    expect(screen.getByText('pi-2 is a worker now.')).toBeInTheDocument();
    await waitFor(() => expect(tile('pi-2')).toHaveFocus());
    await user.keyboard(' ');
    expect(inLane('Servers')).toEqual(['pi-1', 'pi-2']);
  });

  it('one machine is a stop of the tab key, and the arrows across go to the others', async () => {
    expect(names.map((name) => tile(name).tabIndex)).toEqual([0, -1, -1, -1]);
    tile('pi-1').focus();
    await user.keyboard('{ArrowDown}{ArrowDown}');
    await waitFor(() => expect(tile('pi-3')).toHaveFocus());
    expect(names.map((name) => tile(name).tabIndex)).toEqual([-1, -1, 0, -1]);
    await user.keyboard('{ArrowUp}');
    await waitFor(() => expect(tile('pi-2')).toHaveFocus());
    expect(inLane('Servers')).toEqual(['pi-1']);
  });
});

describe('by pointer', () => {
  const at = (x: number) => ({
    pointerId: 1,
    isPrimary: true,
    button: 0,
    buttons: 1,
    clientX: x,
    clientY: 10,
  });
  const place = (name: 'Servers' | 'Workers', left: number) =>
    vi.spyOn(lane(name), 'getBoundingClientRect').mockReturnValue(new DOMRect(left, 0, 100, 100));

  async function carry(name: string, ...way: number[]) {
    const [first = 0, ...rest] = way;
    await fireEvent.pointerDown(tile(name), at(first));
    for (const x of rest) await fireEvent.pointerMove(tile(name), at(x));
  }
  const release = (name: string, x: number) => fireEvent.pointerUp(tile(name), { ...at(x), buttons: 0 });
  beforeEach(() => void [place('Servers', 0), place('Workers', 200)]);

  it('a machine is carried to the other lane', async () => {
    await carry('nuc-1', 250, 150, 50);
    expect(lane('Servers')).toHaveClass('over');
    expect(inLane('Servers')).toEqual(['pi-1']);
    await release('nuc-1', 50);
    expect(inLane('Servers')).toEqual(['pi-1', 'nuc-1']);
    expect(lane('Servers')).not.toHaveClass('over');
    expect(screen.getByText('nuc-1 is a server now.')).toBeInTheDocument();
  });

  it('it stays where it was when it is let go elsewhere, or taken back, or carried within its lane', async () => {
    await carry('nuc-1', 250, 150);
    await release('nuc-1', 150);
    await carry('nuc-1', 250, 50);
    await user.keyboard('{Escape}');
    await release('nuc-1', 50);
    expect(inLane('Servers')).toEqual(['pi-1']);
    await carry('nuc-1', 250, 290);
    await release('nuc-1', 290);
    await fireEvent.click(tile('nuc-1'), { detail: 1 });
    expect(inLane('Servers')).toEqual(['pi-1']);
  });

  it('a click, with the tremor of a hand, is a move, too', async () => {
    await carry('nuc-1', 250, 252);
    await release('nuc-1', 252);
    await fireEvent.click(tile('nuc-1'), { detail: 1 });
    expect(inLane('Servers')).toEqual(['pi-1', 'nuc-1']);
  });
});

describe('the advice', () => {
  const advice = () => within(screen.getByRole('region', { name: 'Layout' }));

  it('says what the layout survives, and why it should not be two servers', async () => {
    expect(advice().getByRole('heading', { name: '1 server + 3 workers: simple' })).toBeVisible();
    expect(advice().getByText(/^pi-1 is the single point of failure/)).toBeVisible();
    await user.click(radio('pi-2', 'Server'));
    expect(advice().getByRole('heading', { name: /^2 servers \+ 2 workers: worse/ })).toBeVisible();
    expect(advice().getByRole('row', { current: true })).toHaveTextContent(/^2\s*2\s*0$/);
    expect(screen.getByText(/^Two servers are less safe than one/)).toBeVisible();
  });

  it('makes a layout with one click, and one check', async () => {
    const checks = vi.spyOn(cluster, 'check');
    await user.click(advice().getByRole('radio', { name: '3 servers + 1 worker' }));
    expect(checks).toHaveBeenCalledOnce();
    expect(inLane('Servers')).toEqual(['pi-1', 'pi-2', 'pi-3']);
    expect(advice().getByRole('heading', { name: /survives the loss of 1 server$/ })).toBeVisible();
    expect(within(lane('Servers')).queryByText('Your services')).toBeNull();
    await user.click(radio('nuc-1', 'Server'));
    expect(within(lane('Servers')).getByText('Your services')).toBeVisible();
    expect(within(lane('Workers')).getByText(/^No workers/)).toBeVisible();
    await accessible();
    await user.click(advice().getByRole('radio', { name: '1 server + 3 workers' }));
    expect(inLane('Servers')).toEqual(['pi-1']);
  });
});
