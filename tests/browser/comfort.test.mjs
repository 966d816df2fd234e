// What makes the window comfortable: settings, another language, larger text, the palette, shortcuts, the tour.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { accessible, go, openBrowser, picture, shown, url, visible } from './page.mjs';

let browser, page, complaints;

before(async () => {
  ({ browser, page, complaints } = await openBrowser());
  await page.goto(url);
  // Whoever presses keys has seen a window.
  await visible(page.getByRole('navigation').first(), 'the window');
});
after(() => browser?.close());

const palette = () => page.getByRole('dialog', { name: 'Commands' });
const heading = (name) => page.getByRole('heading', { level: 1, name });

describe('comfort', () => {
  test('the palette finds pages, acts and machines, by keys alone', async () => {
    await page.keyboard.press('Control+k');
    await visible(palette(), 'the palette');
    await page.keyboard.type('sett');
    await visible(palette().getByRole('option', { name: 'Settings', selected: true }), 'the best match');
    await page.keyboard.press('Enter');
    await visible(heading('Settings'), 'the page that was meant');
    await page.keyboard.press('Control+k');
    await shown(page, 'palette');
    await page.keyboard.press('ArrowUp');
    assert.equal(await palette().getByRole('option', { selected: true }).count(), 1);
    await page.keyboard.type('nothing of the kind');
    await visible(palette().getByText('Nothing fits.'), 'an answer to what is not there');
    await page.keyboard.press('Escape');
    await palette().waitFor({ state: 'detached' });
    await page.keyboard.press('Control+k');
    await page.keyboard.type('scan net');
    await page.keyboard.press('Enter');
    await visible(heading('Machines'), 'the scan');
    await visible(page.getByRole('cell', { name: 'pi-1' }).first(), 'a machine that it found');
    await page.keyboard.press('Control+k');
    await page.keyboard.type('pi-1');
    await page.keyboard.press('Enter');
    await page.waitForFunction(() => document.activeElement?.matches('tr[id^="machine-"]'));
  });

  test('shortcuts lead to pages and say themselves; a field keeps its letters', async () => {
    await page.keyboard.press('g');
    await page.keyboard.press('r');
    await visible(heading('Runs'), 'the page of the pair');
    await page.keyboard.press('?');
    await visible(page.getByRole('dialog', { name: 'Shortcuts' }), 'the list');
    await accessible(page, 'the list of shortcuts');
    await page.keyboard.press('Escape');
    await page.getByRole('dialog', { name: 'Shortcuts' }).waitFor({ state: 'detached' });
    await page.keyboard.press('/');
    await visible(heading('Flow'), 'the search is on the flow page');
  });

  test('settings hold at once: theme and text size', async () => {
    await go(page, 'Settings');
    await shown(page, 'settings');
    await page.getByRole('radio', { name: 'Dark' }).check({ force: true });
    assert.equal(await page.evaluate(() => document.documentElement.dataset.theme), 'dark');
    await page.getByRole('radio', { name: '200 %' }).check({ force: true });
    for (const name of ['Settings', 'Machines', 'Services', 'Flow', 'Stack', 'Credentials']) {
      await page.evaluate((hash) => (location.hash = hash), `#/${name.toLowerCase()}`);
      await visible(heading(name), `${name} at 200 %`);
      const wider = await page.evaluate(() => document.documentElement.scrollWidth > innerWidth);
      assert.equal(wider, false, `${name} fits at 200 %`);
      await picture(page, `large-${name.toLowerCase()}`);
    }
    await page.evaluate(() => (location.hash = '#/settings'));
    await page.getByRole('radio', { name: '100 %' }).check({ force: true });
    await page.getByRole('radio', { name: 'System' }).check({ force: true });
  });

  test('the tour has four notes and can be left at each', async () => {
    await page.getByRole('button', { name: 'Start the tour' }).click();
    const note = () => page.getByRole('complementary', { name: /^Tour/ });
    for (const title of ['machines', 'cluster', 'services', 'picture']) {
      await visible(note().getByRole('heading', { name: new RegExp(title) }), title);
      if (title === 'machines') await shown(page, 'tour');
      await note()
        .getByRole('button', { name: title === 'picture' ? 'Done' : 'Next' })
        .click();
    }
    await note().waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'Start the tour' }).click();
    await page.keyboard.press('Escape');
    await note().waitFor({ state: 'detached' });
  });

  test('another language is chosen, kept, and complete on every page', async () => {
    await Promise.all([
      page.waitForEvent('load'),
      page.getByRole('radio', { name: 'Deutsch' }).check({ force: true }),
    ]);
    // The server's token was in the address, once.
    await page.goto(url);
    await page.reload();
    const navigation = page.getByRole('navigation');
    await visible(navigation.getByRole('link', { name: 'Einstellungen' }), 'the navigation in German');
    assert.equal(await page.evaluate(() => document.documentElement.lang), 'de');
    const pages = 'settings machines cluster services stack credentials runs history health flow practice'.split(' ');
    for (const name of pages) {
      await page.evaluate((hash) => (location.hash = hash), `#/${name}`);
      await page.waitForTimeout(300);
      await accessible(page, `${name} in German`);
      await picture(page, `german-${name}`);
    }
  });

  test('nothing was complained of', () => assert.deepEqual(complaints, []));
});
