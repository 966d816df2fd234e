// The past in the window, over the invented homelab: what broke and what was changed before, how well services served,
// their files, and how long all of it is kept.
import { render, screen, waitFor, within } from '@testing-library/svelte';
import userEvent from '@testing-library/user-event';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { openDoor } from '../src/api/door';
import App from '../src/App.svelte';
import { feed } from '../src/state/feed';
import { flow } from '../src/state/flow.svelte';
import { past } from '../src/state/past.svelte';
import { accessible } from './accessible';
import { Homelab } from './fixture/homelab';

const user = userEvent.setup();
let lab: Homelab;
beforeEach(() => {
  lab = new Homelab();
  past.window = 'week';
  past.timeline = past.services = null;
});
const open = (address: string, stands = true) => {
  if (stands) lab.stand();
  openDoor(lab);
  location.hash = address;
  render(App);
};
const line = async (words: RegExp) => (await screen.findByText(words)).closest('li') as HTMLLIElement;
const lines = () =>
  screen
    .getAllByRole('listitem')
    .map((item) => item.textContent.replaceAll(/\s+/g, ' '))
    .filter((text) => /\d:\d\d/.test(text));

describe('the timeline', () => {
  it('tells an outage with its reason, and the run just before it, which can be opened', async () => {
    open('#/history');
    const broken = within(await line(/^wiki has no ready pod/));
    expect(broken.getByText(/^went down/, { exact: false })).toBeVisible();
    expect(broken.getByText(/not over yet/)).toBeVisible();
    expect(broken.getByText(/^Ended 2 min before/)).toBeVisible();
    await accessible();
    await user.click(broken.getByRole('link', { name: 'Open wiki as wiki.example.test, on the LAN' }));
    await screen.findByRole('heading', { name: 'Open wiki as wiki.example.test, on the LAN' });
  });

  it('tells its end, and what went down with it as one', async () => {
    open('#/history');
    const end = (await line(/^after 7 min/)) as HTMLElement;
    expect(end).toHaveTextContent(/ingress-nginx, .* and 4 more\s+are up again\s+after 7 min/);
    await user.click(within(end).getByRole('button', { name: '4 more' }));
    expect(end).toHaveTextContent(/photos, home, wiki, and backup/);
    const [begin] = screen.getAllByText(/^ingress-nginx-controller has no ready pod/);
    expect(begin?.closest('li')).toHaveTextContent(/Ended 2 min before: Repair ingress-nginx/);
  });

  it('draws a gap as a gap, and never as up', async () => {
    open('#/history');
    const gaps = (await screen.findAllByText(/^Portico did not watch from/)).map((gap) => gap.closest('li'));
    expect(gaps).toHaveLength(2);
    expect(gaps[0]).toHaveTextContent(/6 h of which nothing is known/);
    expect(gaps.every((gap) => gap?.classList.contains('gap'))).toBe(true);
  });

  it('is narrowed to outages and to changes by runs, which say what went wrong after them', async () => {
    open('#/history');
    await screen.findByText(/^wiki has no ready pod/);
    const all = lines().length;
    await user.click(screen.getByRole('radio', { name: 'Outages' }));
    expect(lines().length).toBeLessThan(all);
    expect(screen.queryByText('Done')).toBeNull();
    expect(
      screen.getByText(/^Ended 2 min before: Open wiki|^Ended 2 min before/, {
        selector: 'li:first-child span',
      }),
    ).toBeVisible();
    await user.click(screen.getByRole('radio', { name: 'Changes by runs' }));
    expect(lines()).toHaveLength(2);
    expect(lines()[0]).toMatch(/Open wiki .* Then went wrong, first 2 min later: wiki$/);
    await accessible();
  });

  it('goes further back page by page, and says where it ends', async () => {
    open('#/history');
    expect(await screen.findByText('That is all of the last 7 days.')).toBeVisible();
    const asked = vi.spyOn(lab, 'call');
    await user.selectOptions(screen.getByRole('combobox', { name: 'How far back' }), 'A year');
    const more = await screen.findByRole('button', { name: 'Load more' });
    const first = lines().length;
    expect(asked.mock.calls.filter(([name]) => name === 'timeline')).toHaveLength(1);
    await user.click(more);
    expect(await screen.findByText('That is all of the last year.')).toBeVisible();
    expect(lines().length).toBeGreaterThan(first);
    expect(lines().at(-1)).toMatch(/Build the cluster home/);
  });

  it('leads from a name to the flow', async () => {
    open('#/history');
    await waitFor(() => expect(flow.graph?.hops.length).toBeGreaterThan(0));
    const broken = within(await line(/^wiki has no ready pod/));
    await user.click(broken.getByRole('link', { name: 'wiki' }));
    const path = await screen.findByRole('complementary', { name: 'Path' });
    expect(within(path).getByRole('heading', { name: 'wiki' })).toBeVisible();
    expect(await within(path).findByRole('link', { name: 'See history' })).toHaveAttribute(
      'href',
      '#/history',
    );
  });

  it('hears of a run that ended', async () => {
    open('#/history');
    await screen.findByText(/^wiki has no ready pod/);
    const [run] = [...lab.runs.values()].slice(-1);
    if (run)
      lab.runs.set('run-d', { ...run, id: 'run-d', change: { kind: 'reconcile' }, startedAt: Date.now() });
    feed.take({ seq: 1e6, kind: 'run-ended', run: 'run-d', state: 'done' });
    expect(await screen.findByRole('link', { name: 'Write records and routes anew' })).toBeVisible();
  });

  it('says how it begins where there is nothing yet', async () => {
    open('#/history', false);
    await screen.findByRole('heading', { name: 'Nothing has happened yet' });
    expect(screen.getByText(/^History begins when Portico watches/)).toBeVisible();
    await accessible();
  });

  it('keeps what it knows beside the problem when there is no answer', async () => {
    open('#/history');
    await screen.findByText(/^wiki has no ready pod/);
    const problem = { code: 'store-failed', args: {}, detail: null } as const;
    vi.spyOn(lab, 'call').mockRejectedValue(problem);
    past.load();
    expect(await screen.findByRole('alert')).toBeVisible();
    expect(screen.getByText(/^wiki has no ready pod/)).toBeVisible();
  });
});

describe('the uptime', () => {
  it('is told of the known time, with the share that is known, by a strip and in numbers', async () => {
    open('#/history/uptime');
    const list = within(await screen.findByRole('list', { name: 'Services' }));
    const rows = list.getAllByRole('listitem');
    expect(rows).toHaveLength(7);
    const wiki = rows.find((row) => row.textContent.includes('wiki')) as HTMLElement;
    expect(
      within(wiki).getByRole('img', { name: /^Over the last 7 days: \d+ up, \d+ down, and \d+ unknown/ }),
    ).toBeVisible();
    const value = (word: string) => within(wiki).getByText(word).nextElementSibling?.textContent;
    expect(value('Served')).toMatch(/^99\.\d%$/);
    expect(value('Known')).toMatch(/^7\d(\.\d)?%$/);
    expect(value('Median')).toMatch(/^\d+ ms$/);
    await accessible();
    await user.click(within(wiki).getByRole('link', { name: 'wiki' }));
    expect(flow.selected).toBe('service/wiki');
  });

  it.each([
    ['Table as CSV', 'csv', /^subject,from,until,up_ms[^]*\npath\/wiki,2\d{3}-/],
    ['Data as JSON', 'json', /"subject": "path\/wiki",\s+"window": "week"/],
  ])('is saved as a file: %s', async (name, ending, content) => {
    const files: [string, Promise<string>][] = [];
    const blobs: Blob[] = [];
    vi.spyOn(URL, 'createObjectURL').mockImplementation((blob) => `blob:${blobs.push(blob as Blob)}`);
    vi.spyOn(HTMLAnchorElement.prototype, 'click').mockImplementation(function (this: HTMLAnchorElement) {
      files.push([this.download, blobs[0]?.text() ?? Promise.resolve('')]);
    });
    open('#/history/uptime');
    const summary = await screen.findByText('Export', { selector: '[aria-label="Export wiki"]' });
    await user.click(summary);
    const menu = within(summary.closest('details') as HTMLElement);
    await user.click(menu.getByRole('button', { name }));
    await waitFor(() => expect(files.map(([file]) => file)).toEqual([`portico-history-wiki-week.${ending}`]));
    expect(await files[0]?.[1]).toMatch(content);
  });

  it('says why no file came', async () => {
    open('#/history/uptime');
    const summary = await screen.findByText('Export', { selector: '[aria-label="Export echo"]' });
    vi.spyOn(lab, 'call').mockRejectedValue({
      code: 'exposure-missing',
      args: { service: 'echo' },
      detail: null,
    });
    const menu = within(summary.closest('details') as HTMLElement);
    await user.click(summary);
    await user.click(menu.getByRole('button', { name: 'Table as CSV' }));
    expect(await menu.findByRole('alert')).toHaveTextContent('No service is called echo.');
  });

  it('has a way to the first service', async () => {
    open('#/history/uptime', false);
    await screen.findByRole('heading', { name: 'No service yet' });
    await accessible();
  });
});

describe('how long it is kept', () => {
  const field = (name: string) => screen.findByRole('textbox', { name });
  const type = async (name: string, value: string) => {
    await user.clear(await field(name));
    await user.type(await field(name), value);
  };

  it('is reached from the timeline, and says how much room it takes', async () => {
    open('#/history');
    await user.click(await screen.findByRole('link', { name: 'How long is it kept?' }));
    const heading = await screen.findByRole('heading', { name: 'History', level: 2 });
    await waitFor(() => expect(heading).toHaveFocus());
    expect(await field('Days by the hour')).toHaveValue('31');
    expect(screen.getByText('All that Portico remembers takes 3 MB.')).toBeVisible();
    expect(screen.getByRole('button', { name: 'Keep it so' })).toBeDisabled();
    await accessible();
  });

  it('is saved, and says first what would be deleted', async () => {
    open('#/settings');
    await type('Years by the day', '20');
    await user.click(screen.getByRole('button', { name: 'Keep it so' }));
    expect(await screen.findByText(/^Kept so from now on/)).toBeVisible();
    await type('Days by the hour', '7');
    expect(screen.getByText(/is deleted at once, for good/)).toBeVisible();
    expect(screen.getByText(/only the last 7 will be seen/)).toBeVisible();
    expect(lab.storage.retention).toEqual({ minuteDays: 1, hourDays: 31, dayYears: 20 });
    await accessible();
    await user.click(screen.getByRole('button', { name: 'Keep it so, delete what is older' }));
    await waitFor(() => expect(lab.storage.retention.hourDays).toBe(7));
    expect(screen.queryByText(/is deleted at once/)).toBeNull();
  });

  it('refuses at the field, before the backend would', async () => {
    open('#/settings');
    await type('Days by the minute', '0');
    expect(await field('Days by the minute')).toHaveAccessibleDescription('A whole number from 1 to 366.');
    expect(screen.getByRole('button', { name: 'Keep it so' })).toBeDisabled();
  });

  it('shows at its field what the backend refuses', async () => {
    open('#/settings');
    const call = lab.call.bind(lab);
    vi.spyOn(lab, 'call').mockImplementation((name, request) =>
      name === 'history-keep'
        ? Promise.reject({
            code: 'field-invalid',
            args: { field: 'dayYears', value: '11', example: '1' },
            detail: null,
          })
        : call(name, request),
    );
    await type('Years by the day', '11');
    await user.click(screen.getByRole('button', { name: 'Keep it so' }));
    await waitFor(async () =>
      expect(await field('Years by the day')).toHaveAccessibleDescription(
        /^Years by the day: "11" is not usable/,
      ),
    );
    await type('Years by the day', '12');
    expect(await field('Years by the day')).toHaveAccessibleDescription('Shown in 90 days and a year.');
  });
});

it('is a page like the others: in the navigation, the palette and the shortcuts', async () => {
  open('#/settings');
  expect(await screen.findByRole('link', { name: 'History' })).toHaveAttribute('href', '#/history');
  await user.keyboard('gh');
  await screen.findByRole('heading', { name: 'History', level: 1 });
  await user.keyboard('{Control>}k{/Control}');
  expect(
    within(await screen.findByRole('listbox')).getByRole('option', { name: /^History/ }),
  ).toHaveTextContent('gh');
});
