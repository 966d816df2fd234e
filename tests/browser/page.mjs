// A real browser on the window's pages over the loopback server, with axe and screenshots.
//
// PORTICO_URL       the server's address with its token: http://127.0.0.1:1234/#token=…
// PORTICO_HOMELAB   JSON: {"machines":[{"name","user","password","sudo"}],"zone","changedKey"}; `changedKey`
//                   names a machine whose pinned key differs from the one that it shows; "tokens" has what
//                   may be typed: expired, enough, cluster; one that reads alone is in place
// PORTICO_SCREENSHOTS  a folder for pictures; without it none are taken
// CHROMIUM          the browser's path, /usr/bin/chromium if unset
import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import assert from 'node:assert/strict';

const require = createRequire(new URL('../../ui/package.json', import.meta.url));
const { chromium } = require('playwright-core');
const axe = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');

function needed(name) {
  const value = process.env[name];
  assert.ok(value, `${name} has to be set, see tests/browser/page.mjs`);
  return value;
}
export const url = needed('PORTICO_URL');
export const homelab = JSON.parse(needed('PORTICO_HOMELAB'));
const pictures = process.env.PORTICO_SCREENSHOTS;

/** A command of the table, asked beside the window. */
export async function rpc(name, request) {
  const token = new URLSearchParams(new URL(url).hash.slice(1)).get('token');
  const response = await fetch(new URL(`/rpc/${name}`, url), {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify(request),
  });
  return response.json();
}

/** All that a client could have changed in the homelab, as the homelab itself sees it. */
export const footprint = async () => (await fetch(new URL('/footprint', url))).json();

export async function openBrowser() {
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox'],
  });
  const context = await browser.newContext({
    viewport: { width: 1440, height: 880 },
    reducedMotion: 'reduce',
  });
  context.setDefaultTimeout(20_000);
  // Somebody who has seen the tour, unless the story is about it.
  await context.addInitScript(() => {
    if (location.protocol.startsWith('http')) localStorage.setItem('portico-tour', 'seen');
  });
  const page = await context.newPage();
  const complaints = [];
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => {
    // A refused call is an HTTP error on purpose; everything else that the console says is a fault.
    if (message.type() === 'error' && !message.text().includes('Failed to load resource'))
      complaints.push(message.text());
  });
  page.on('request', (request) => {
    if (!request.url().startsWith(new URL(url).origin) && !request.url().startsWith('data:'))
      complaints.push(`a request to the outside: ${request.url()}`);
  });
  return { browser, page, complaints };
}

/** Zero violations, contrast included. */
export async function accessible(page, where) {
  await page.evaluate(axe);
  const violations = await page.evaluate(async () => {
    const { violations } = await globalThis.axe.run(document);
    return violations.map(
      ({ id, nodes }) => `${id}: ${nodes.map((node) => `${node.target} ${node.failureSummary}`).join('\n')}`,
    );
  });
  assert.deepEqual(violations, [], where);
}

export async function picture(page, name) {
  if (!pictures) return;
  mkdirSync(pictures, { recursive: true });
  await page.screenshot({ path: join(pictures, `${name}.png`), animations: 'disabled' });
}

/** The same in both themes, each without a violation. */
export async function shown(page, name) {
  for (const theme of ['dark', 'light']) {
    await page.emulateMedia({ colorScheme: theme });
    await accessible(page, `${name}, ${theme}`);
    await picture(page, `${name}-${theme}`);
  }
}

export const visible = (locator, why, timeout = 20_000) =>
  locator.waitFor({ state: 'visible', timeout }).catch((error) => assert.fail(`${why}: ${error.message}`));

/** Moves to a page by its link in the navigation. */
export const go = (page, name) =>
  page.getByRole('navigation').getByRole('link', { name, exact: false }).click();
