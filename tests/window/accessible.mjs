// Every page of the real window, in both themes: without a violation that axe finds, contrast included.
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

/** At most three are needed: System, Light, Dark. */
export async function theme(window, name) {
  for (let tries = 0; (await window.all(role('button', `Theme: ${name}`))).length === 0 && tries < 3; tries++)
    await window.click(role('button', /^Theme:/));
}

export function accessibleEverywhere(told) {
  for (const name of ['Dark', 'Light'])
    told.step(`every page is accessible: ${name}`, async () => {
      await theme(told.window, name);
      for (const page of pages) {
        await told.window.open(page);
        await told.window.see(role('heading', undefined, { level: 1 }));
        // Answers that are on their way take the place of what stands for them.
        await told.window.gone(role('status', 'Looking at what is there'));
        await told.window.accessible(`${page}, ${name}`);
        if (pictured.has(page)) await told.window.picture(name === 'Light' ? page : `${page}-dark`);
      }
    });
}

/** Those that no step of the story has a picture of. */
const pictured = new Set(['credentials', 'history', 'settings', 'cluster', 'stack']);
