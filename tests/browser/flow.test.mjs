// The flow page with 200 services on 20 machines, which no homelab of the tests has: the answer to `flow` is an
// invented one. Mouse, keyboard, search, filters, folding, the selected path, the table, and the exported files.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { after, before, describe, test } from 'node:test';
import { accessible, openBrowser, picture, shown, url, visible } from './page.mjs';

const require = createRequire(new URL('../../ui/package.json', import.meta.url));
const { runnerImport } = await import(require.resolve('vite'));
const fixture = fileURLToPath(new URL('../../ui/tests/fixture/crowd.ts', import.meta.url));
const {
  module: { crowd },
} = await runnerImport(fixture);

let graph = {
  ...crowd(3, { services: 200, machines: 20, namespaces: 10 }),
  seenAt: Date.now(),
};
let browser, page, complaints;

before(async () => {
  ({ browser, page, complaints } = await openBrowser());
  await page.route('**/rpc/flow', (route) => route.fulfill({ json: graph }));
  // No event ever comes and the connection ends at once, upon which the page asks for the flow again.
  await page.route('**/events', (route) =>
    route.fulfill({
      body: '',
      headers: { 'content-type': 'text/event-stream' },
    }),
  );
  await page.goto(`${url}`);
  await page.getByRole('navigation').getByRole('link', { name: 'Flow' }).click();
  await visible(diagram(), 'the diagram');
});
after(() => browser?.close());

const diagram = () => page.getByRole('group', { name: 'Flow of traffic' });
const box = (name) => diagram().getByRole('button', { name }).first();
const search = () => page.getByRole('searchbox', { name: 'Find a service or machine' });
const folded = () => diagram().getByRole('button', { expanded: false });
const frames = () =>
  page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
const at = async (locator) => {
  await frames();
  const { x, y, width, height } = await locator.boundingBox();
  return { x, y, width, height };
};
const service = graph.paths.find((path) => path.reach === 'lan' && path.health === 'up').service;
const namespace = graph.hops.find((hop) => hop.id === `service/${service}`).detail;
const broken = graph.hops.find((hop) => hop.column === 'service' && hop.health === 'down');

describe('200 services', () => {
  test('are folded by namespace, and a folded one says how its members are', async () => {
    await visible(folded().first(), 'folded namespaces');
    const said = await diagram()
      .getByRole('button', { name: new RegExp(`^${broken.detail}.*services`) })
      .textContent();
    assert.match(said, /1 down|\d+ down/);
    assert.match(said, /Down$/);
    assert.equal(await box(new RegExp(`^${broken.label}\\b`)).count(), 0);
    await shown(page, 'flow-200-folded');
  });

  test('a namespace opens where it is, by the keyboard, too', async () => {
    const head = diagram().getByRole('button', {
      name: new RegExp(`^${namespace}.*services`),
    });
    const before = await at(head);
    await head.focus();
    await page.keyboard.press('Enter');
    await visible(box(new RegExp(`^${service}\\b.*Service`)), 'its services');
    assert.equal(await head.getAttribute('aria-expanded'), 'true');
    assert.ok(Math.abs((await at(head)).y - before.y) < 2, 'the heading stays in its place');
    assert.ok(await head.evaluate((node) => node === document.activeElement), 'and keeps the focus');
    await shown(page, 'flow-200-open');
  });

  test('the path of a selected service lights up alone, and ends with its escape', async () => {
    await box(new RegExp(`^${service}\\b.*Service`)).click();
    const panel = page.getByRole('complementary', { name: 'Path' });
    await visible(panel.getByRole('heading', { name: 'From your LAN' }), 'its path is told');
    const bright = await diagram().locator('[data-hop]:not(.dim)').count();
    const dim = await diagram().locator('[data-hop].dim').count();
    assert.ok(bright < dim + 30 && dim > 10, `${bright} bright, ${dim} dim`);
    // Lines that look alike are one path.
    const curves = await diagram()
      .locator('g.lit path')
      .evaluateAll((paths) => paths.map((path) => path.getAttribute('d')).join('').split('M').length - 1);
    assert.ok(curves >= 4, 'lines light up');
    await shown(page, 'flow-200-selected');
    await box(new RegExp(`^${service}\\b.*Service`)).focus();
    await page.keyboard.press('Escape');
    assert.equal(await diagram().locator('[data-hop].dim').count(), 0);
  });

  test('a slash leads to the search; it narrows the picture, Enter selects, Escape clears', async () => {
    await page.keyboard.press('/');
    await search().fill(service);
    await visible(page.getByText('1 of 200 services'), 'how many are left');
    await visible(box(new RegExp(`^${service}\\b.*Service`)), 'the service itself, not folded');
    await shown(page, 'flow-200-search');
    await page.keyboard.press('Enter');
    await visible(page.getByRole('complementary').getByRole('heading', { name: service }), 'it is selected');
    await page.keyboard.press('Escape');
    assert.equal(await search().inputValue(), '');
    await search().fill('no such service');
    await visible(page.getByRole('heading', { name: 'No service fits' }), 'nothing fits');
    await accessible(page, 'nothing fits');
    await page.getByRole('button', { name: 'Clear' }).first().click();
    await visible(diagram(), 'all of it again');
  });

  test('filters by health, reach and namespace narrow the diagram and the table alike', async () => {
    const down = graph.paths.filter((path) => path.health === 'down').length;
    const filter = page.getByRole('group', { name: 'Filter' });
    await filter.getByRole('button', { name: /^Down/ }).click();
    await visible(page.getByText(`${down} of 200 services`), 'those that are down');
    await visible(box(new RegExp(`^${broken.label}\\b.*Service`)), 'few are not folded');
    await shown(page, 'flow-200-down');
    await page.getByRole('radio', { name: 'Table' }).check({ force: true });
    const table = page.getByRole('table', { name: 'Flow of traffic' });
    assert.equal(await table.getByRole('row').filter({ hasText: 'Service' }).count(), down);
    await shown(page, 'flow-200-table');
    await filter.getByRole('button', { name: /^Down/ }).click();
    await filter.getByRole('radio', { name: 'Internet' }).check({ force: true });
    const open = graph.paths.filter((path) => path.reach === 'public').length;
    await visible(page.getByText(`${open} of 200 services`), 'those from the internet');
    await filter.getByRole('combobox', { name: 'Namespace' }).selectOption(namespace);
    assert.ok((await table.getByRole('row').count()) < open * 2);
    await page.getByRole('button', { name: 'Clear' }).first().click();
    await page.getByRole('radio', { name: 'Diagram' }).check({ force: true });
  });

  test('keys and buttons move, zoom and fit', async () => {
    const ingress = box(/^traefik/);
    // The choice between diagram and table, which still has the focus, uses the arrow keys itself.
    await page.evaluate(() => document.activeElement.blur());
    await page.keyboard.press('0');
    const first = await at(ingress);
    await page.keyboard.press('+');
    assert.ok((await at(ingress)).width > first.width, 'plus zooms in');
    await page.keyboard.press('-');
    await page.keyboard.press('ArrowDown');
    assert.ok((await at(ingress)).y < first.y - 40, 'an arrow moves the drawing');
    await page.keyboard.press('0');
    assert.deepEqual(await at(ingress), first, '0 fits again');
    await diagram().getByRole('button', { name: 'Zoom out' }).click();
    assert.ok((await at(ingress)).width < first.width, 'so does the button');
    await diagram().getByRole('button', { name: 'Fit' }).click();
    assert.deepEqual(await at(ingress), first);
  });

  test('the mouse pulls and the wheel moves; what was moved stays through new healths', async () => {
    const ingress = box(/^traefik/);
    const first = await at(ingress);
    const frame = await diagram().boundingBox();
    const [x, y] = [frame.x + frame.width / 2, frame.y + frame.height - 60];
    await page.mouse.move(x, y);
    await page.mouse.down();
    await page.mouse.move(x + 40, y - 90, { steps: 5 });
    await page.mouse.up();
    const pulled = await at(ingress);
    assert.ok(pulled.x > first.x + 20 && pulled.y < first.y - 50, 'pulled');
    await page.mouse.wheel(0, 100);
    const wheeled = await at(ingress);
    assert.ok(wheeled.y < pulled.y, 'the wheel moves it');
    const zoom = await diagram()
      .locator('.svelte-flow__viewport')
      .evaluate((node) => node.style.transform);
    await diagram().evaluate((node) => {
      globalThis.touched = 0;
      new MutationObserver((seen) => (globalThis.touched += seen.length)).observe(
        node.querySelector('.svelte-flow__nodes'),
        { childList: true },
      );
    });
    graph = {
      ...graph,
      hops: graph.hops.map((hop) => (hop.id === 'ingress' ? { ...hop, health: 'degraded' } : hop)),
      seenAt: Date.now(),
    };
    await visible(diagram().getByRole('button', { name: /^traefik.*Degraded/ }), 'the new health');
    assert.deepEqual(await at(ingress), wheeled, 'nothing jumps');
    assert.equal(
      await diagram()
        .locator('.svelte-flow__viewport')
        .evaluate((node) => node.style.transform),
      zoom,
    );
    assert.equal(await page.evaluate(() => globalThis.touched), 0, 'no box was made anew');
  });

  for (const format of ['SVG', 'PNG'])
    test(`is saved as ${format}`, async () => {
      await page.getByText('Export', { exact: true }).click();
      await accessible(page, 'export');
      const waiting = page.waitForEvent('download');
      await page.getByRole('button', { name: `Picture as ${format}` }).click();
      const download = await waiting;
      assert.equal(download.suggestedFilename(), `portico-flow.${format.toLowerCase()}`);
      const file = await readFile(await download.path());
      if (process.env.PORTICO_SCREENSHOTS)
        await download.saveAs(`${process.env.PORTICO_SCREENSHOTS}/portico-flow.${format.toLowerCase()}`);
      if (format === 'PNG') {
        assert.equal(file.subarray(1, 4).toString(), 'PNG');
        assert.ok(file.readUInt32BE(16) > 1500, 'twice as sharp as on the screen');
        return;
      }
      const parsed = await page.evaluate((text) => {
        const document = new DOMParser().parseFromString(text, 'image/svg+xml');
        return {
          wrong: document.querySelector('parsererror')?.textContent ?? null,
          texts: [...document.querySelectorAll('text')].map((node) => node.textContent),
          lines: document.querySelectorAll('path').length,
          family: document.documentElement.getAttribute('font-family'),
        };
      }, file.toString());
      assert.equal(parsed.wrong, null);
      assert.ok(parsed.texts.includes('traefik') && parsed.lines > 100);
      assert.match(parsed.family, /Inter/);
      assert.doesNotMatch(file.toString(), /var\(|url\(|<foreignObject/, 'nothing that needs the app');
    });

  for (const width of [1440, 900])
    test(`is not clipped at ${width} pixels`, async () => {
      await page.setViewportSize({ width, height: 880 });
      await page.keyboard.press('0');
      await frames();
      const over = await page.evaluate(() => {
        const names = (node) => `${node.className}: ${node.textContent.trim().slice(0, 40)}`;
        const out = [...document.querySelectorAll('header *, .bar *')].filter(
          (node) => node.getBoundingClientRect().right > innerWidth,
        );
        const wide = document.documentElement.scrollWidth - innerWidth;
        return [...out.map(names), ...(wide > 0 ? [`the page, by ${wide}`] : [])];
      });
      assert.deepEqual(over, []);
      await shown(page, `flow-200-${width}`);
    });

  test('said nothing on the console, and asked nothing outside', () => assert.deepEqual(complaints, []));
});
