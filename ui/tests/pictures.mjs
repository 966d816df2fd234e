// Pictures of the pages over the invented homelab, in Chromium: every page in both themes, wide and narrow, and what
// no real window shows at will: nothing there yet, no answer yet, no answer at all, two hundred services.
// `npm run pictures [-- PART OF A NAME]`. What is too wide for its window, violates a
// rule of axe, or says something on the console, fails.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { build, preview, runnerImport } from 'vite';

const ui = fileURLToPath(new URL('..', import.meta.url));
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const folder = process.env.PORTICO_PICTURES ?? join(ui, '../docs/screenshots/pages');
const only = process.argv[2] ?? '';
const wide = { width: 1440, height: 900 };
/** The smallest window that there is. */
const narrow = { width: 760, height: 560 };

const middle = { width: 1024, height: 640 };

const { module } = await runnerImport(join(ui, 'src/state/pages.ts'), { logLevel: 'error' });
const all = module.pages;
/** Those that have something to wait for, or to fail. */
const pages = all.filter((page) => page !== 'practice' && page !== 'settings');
const one = (scene, page, more = {}) => ({
  scene,
  page,
  name: page.replace('/', '-'),
  size: wide,
  theme: 'light',
  ...more,
});
const both = (shot) => ['light', 'dark'].map((theme) => ({ ...shot, theme, name: `${shot.name}-${theme}` }));
/** Pictures that are of interest beside one another are put on one. */
const sheet = (sheet, across, shots) =>
  shots.map((shot) => ({ ...shot, sheet, across, name: `${sheet} ${shot.name}` }));

const shots = [
  ...all.flatMap((page) => both(one(page === 'health' || page === 'flow' ? 'troubled' : 'standing', page))),
  ...both(one('standing', 'history/uptime')),
  ...both(one('home', 'stack/home')),
  ...both(one('building', 'cluster', { name: 'building' })),
  ...both(one('troubled', 'flow/service%2Fwiki', { name: 'flow-path' })),
  ...both(one('crowded', 'flow', { name: 'crowd-flow' })),
  ...both(one('crowded', 'services', { name: 'crowd-services' })),
  ...both(one('vast', 'flow', { name: 'vast-flow' })),
  ...['light', 'dark'].flatMap((theme) =>
    sheet(
      `narrow-${theme}`,
      3,
      all.map((page) => one('troubled', page, { size: narrow, theme })),
    ),
  ),
  ...sheet(
    'large-text',
    3,
    all.map((page) => one('troubled', page, { percent: 200 })),
  ),
  ...sheet(
    'german',
    3,
    all.map((page) => one('troubled', page, { size: middle, language: 'de' })),
  ),
  ...sheet(
    'empty',
    3,
    pages.map((page) => one('empty', page, { size: middle })),
  ),
  ...sheet(
    'loading',
    3,
    pages.map((page) => one('standing', page, { size: middle, unanswered: true })),
  ),
  ...sheet(
    'failing',
    3,
    pages.map((page) => one('failing', page, { size: middle })),
  ),
].filter(({ name }) => name.includes(only));

const config = join(ui, 'tests/fixture/vite.config.ts');
const built = mkdtempSync(join(tmpdir(), 'portico-pictures-'));
const shared = {
  root: ui,
  configFile: config,
  logLevel: 'error',
  build: { outDir: built, emptyOutDir: true, reportCompressedSize: false },
};
await build(shared);
const server = await preview({ ...shared, preview: { host: '127.0.0.1', port: 0 } });
const [url] = server.resolvedUrls.local;
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox'],
});
const complaints = [];
mkdirSync(folder, { recursive: true });

const context = ({ size, theme }) =>
  browser.newContext({ viewport: size, colorScheme: theme, reducedMotion: 'reduce' });

async function taken(shot) {
  const { scene, page: address, name, language = 'en', percent = 100, unanswered } = shot;
  await fetch(new URL(`/scene/${scene}`, url));
  const window = await context(shot);
  await window.addInitScript(
    ([language, percent]) => {
      localStorage.setItem('portico-tour', 'seen');
      localStorage.setItem('portico-language', language);
      localStorage.setItem('portico-size', percent);
    },
    [language, String(percent)],
  );
  const page = await window.newPage();
  page.on('pageerror', (error) => complaints.push(`${name}: ${error.message}`));
  page.on('console', (message) => {
    if (message.type() === 'error' && !message.text().includes('Failed to load resource'))
      complaints.push(`${name}: ${message.text()}`);
  });
  // Held back here and not by the server: a browser has few connections to one.
  if (unanswered) await page.route(/\/rpc\/(?!status)/, () => undefined);
  await page.goto(`${url}#/${address}`);
  await page.getByRole('heading', { level: 1 }).first().waitFor();
  await page.evaluate(() => document.fonts.ready);
  // What glides to its place is there.
  await page.waitForTimeout(400);
  const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  if (over > 0) complaints.push(`${name}: ${over} pixels too wide`);
  await page.evaluate(axe);
  const violations = await page.evaluate(async () =>
    (await globalThis.axe.run(document)).violations.map(({ id, nodes }) => `${id} ${nodes[0].target}`),
  );
  complaints.push(...violations.map((violation) => `${name}: ${violation}`));
  const picture = await page.screenshot({ animations: 'disabled' });
  await window.close();
  return picture;
}

/** With a palette of their own, so that the repository stays small. */
function kept(name) {
  const path = join(folder, `${name}.png`);
  const { error } = spawnSync('pngquant', ['--force', '--skip-if-larger', '--strip', '--output', path, path]);
  if (error) complaints.push('pngquant is missing: the pictures are larger than they need be');
}

const sheets = new Map();
for (const shot of shots) {
  const picture = await taken(shot);
  if (!shot.sheet) {
    await writeFile(join(folder, `${shot.name}.png`), picture);
    kept(shot.name);
  } else sheets.set(shot.sheet, [...(sheets.get(shot.sheet) ?? []), { ...shot, picture }]);
}
for (const [name, parts] of sheets) {
  const [{ size, across, theme }] = parts;
  const scale = Math.min(1, 760 / size.width);
  const width = Math.round(size.width * scale);
  const window = await context({ size: { width: across * (width + 12) + 12, height: 400 }, theme });
  const page = await window.newPage();
  await page.setContent(
    `<body style="margin:12px;display:grid;grid-template-columns:repeat(${across},${width}px);gap:12px;background:#888">${parts
      .map(
        ({ picture }) => `<img style="width:100%" src="data:image/png;base64,${picture.toString('base64')}">`,
      )
      .join('')}`,
  );
  await page.screenshot({ path: join(folder, `${name}.png`), fullPage: true });
  kept(name);
  await window.close();
}

await browser.close();
await server.close();
rmSync(built, { recursive: true, force: true });
for (const complaint of new Set(complaints)) process.stderr.write(`${complaint}\n`);
process.exitCode = complaints.length > 0 ? 1 : 0;
