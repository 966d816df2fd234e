// Two hundred services in their list: narrowed, folded, and found again at the same address.
import { render, screen, within } from '@testing-library/svelte';
import userEvent from '@testing-library/user-event';
import { beforeEach, describe, expect, it } from 'vitest';
import { openDoor } from '../src/api/door';
import App from '../src/App.svelte';
import { everything } from '../src/flow/filter';
import { services } from '../src/state/services.svelte';
import { accessible } from './accessible';
import { crowded } from './fixture/scenes';

const user = userEvent.setup();

function open(address: string) {
  location.hash = address;
  return render(App);
}
const rows = () => screen.queryAllByRole('link', { name: /^Change who can reach/ });
const space = (name: string) => screen.findByRole('button', { name: new RegExp(`^${name} \\d+`) });

beforeEach(() => {
  openDoor(crowded({ services: 200, machines: 4, namespaces: 6 }));
  services.filter = everything;
  services.folds = new Map();
});

describe('200 services', { timeout: 90_000 }, () => {
  it('are folded by namespace, and what is not up is shown all the same', async () => {
    open('#/services');
    const heading = await space('media');
    expect(heading).toHaveAttribute('aria-expanded', 'false');
    const bad = services.exposed.filter(({ health }) => health !== 'up');
    expect(bad.length).toBeGreaterThan(3);
    expect(rows()).toHaveLength(bad.length);
    await user.click(heading);
    const media = services.exposed.filter(({ namespace }) => namespace === 'media');
    const others = bad.filter(({ namespace }) => namespace !== 'media');
    expect(rows()).toHaveLength(media.length + others.length);
    await accessible();
  });

  it('are narrowed by what is typed, and the address says so', async () => {
    open('#/services');
    await space('media');
    await user.keyboard('/');
    const box = screen.getByRole('searchbox', { name: 'Find a service' });
    expect(box).toHaveFocus();
    await user.keyboard('wiki');
    const wikis = services.exposed.filter(({ exposure }) => exposure.name.includes('wiki'));
    expect(rows()).toHaveLength(wikis.length);
    expect(screen.getByText(`${wikis.length} of 200 services`)).toBeVisible();
    expect(decodeURIComponent(location.hash)).toBe('#/services/list/text=wiki');
    await user.keyboard('{Escape}');
    expect(location.hash).toBe('#/services');
  });

  it('are shown as an address asks for them, and that nothing fits is said', async () => {
    open(`#/services/${encodeURIComponent('list/health=degraded&reach=lan')}`);
    await screen.findByText(/of 200 services/);
    const wanted = services.exposed.filter(
      ({ health, exposure }) => health === 'degraded' && exposure.reach === 'lan',
    );
    expect(rows()).toHaveLength(wanted.length);
    expect(within(screen.getByRole('group', { name: 'Health' })).getByText('Degraded')).toBeVisible();
    await user.type(screen.getByRole('searchbox', { name: 'Find a service' }), 'nobody');
    expect(rows()).toHaveLength(0);
    expect(await screen.findByText('No service fits')).toBeVisible();
  });
});
