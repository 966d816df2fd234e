// Every page of the real window, in both themes: without a violation that axe finds, contrast included.
import { setTimeout as sleep } from 'node:timers/promises';
import { role } from './driver.mjs';

const pages = [
  'setup',
  'flow',
  'health',
  'services',
  'services/add',
  'machines',
  'cluster',
  'stack',
  'stack/ingress',
  'stack/tokens',
  'stack/set-up',
  'stack/keys',
  'credentials',
  'runs',
  'history',
  'history/uptime',
  'practice',
  'settings',
];

/** At most three are needed: System, Light, Dark. `act`: by mouse, or `press` by keyboard. */
export async function theme(window, name, act = 'click') {
  for (let tries = 0; (await window.all(role('button', `Theme: ${name}`))).length === 0 && tries < 3; tries++)
    await window[act](role('button', /^Theme:/));
}

/** A page with all that it asks for. */
export async function opened(window, page) {
  await window.open(page);
  await window.see(role('heading', undefined, { level: 1 }));
  // Answers that are on their way take the place of what stands for them.
  while (/Looking at what is there/.test(await window.text(await window.see(role('main'))))) await sleep(50);
}

export function accessibleEverywhere(told) {
  for (const name of ['Dark', 'Light'])
    told.step(`every page is accessible: ${name}`, async () => {
      await theme(told.window, name);
      for (const page of pages) {
        await opened(told.window, page);
        await told.window.accessible(`${page}, ${name}`);
        if (name === 'Light' && pictured.has(page)) await told.window.picture(page);
      }
    });
}

/** Those that no step of the story has a picture of. */
const pictured = new Set(['history', 'settings']);
