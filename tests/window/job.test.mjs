// The whole job with the mouse, in the built app, on the practice homelab: from a scan to a service that answers
// and its path in the flow. The order matters, as it does for a person.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Key, label, role, Window } from './driver.mjs';

// What the app prints to the terminal for whoever rehearses.
const machines = [
  { name: 'pi-1', user: 'pi', password: 'raspberry' },
  { name: 'pi-2', user: 'pi', password: 'raspberry' },
  { name: 'pi-3', user: 'pi', password: 'raspberry' },
  { name: 'nuc-1', user: 'admin', password: 'homelab' },
];
// Practice keeps its state; that of whoever runs the tests is left alone.
const folder = mkdtempSync(join(tmpdir(), 'portico-window-'));
let window;

/** The window's own frame and the tray, which WebDriver does not see. */
const desktop = (act, what = 'Portico') =>
  execFileSync('python3', ['tests/window/desktop.py', act, what], { encoding: 'utf8' }).trim();

before(async () => {
  window = await Window.open(['--practice', '--data', folder]);
});
after(async () => {
  await window?.close();
  rmSync(folder, { recursive: true, force: true });
});

/** A step of the story; none is tried after one that failed. */
let broken = false;
function step(name, act) {
  test(name, { timeout: 280_000 }, async () => {
    assert.ok(!broken, 'an earlier step failed');
    broken = true;
    try {
      await act();
    } catch (problem) {
      await window.picture('failure');
      throw problem;
    }
    broken = false;
  });
}

const dialog = (name) => role('dialog', `Connect to ${name}`);

/** Fills the form and sends it, trusting the machine when it is new. */
async function connect({ name, user, password }, picture) {
  const sheet = dialog(name);
  const trust = [sheet, role('button', 'Yes, trust this machine')];
  await window.type(user, sheet, role('textbox', 'User'));
  await window.click(sheet, role('radio', 'Password'));
  await window.type(password, sheet, label('Password'));
  await window.click(sheet, role('button', 'Connect'));
  await window.see(...trust);
  if (picture) await window.picture(picture);
  await window.click(...trust);
  // The password answers sudo as well, where it is asked for.
  await window.gone(sheet);
}

step('who starts it for the first time is shown round, and may skip that', async () => {
  await window.see(role('heading', 'Your machines come first'));
  await window.click(role('button', 'Skip'));
  await window.gone(role('heading', 'Your machines come first'));
  await window.see(role('list', 'The steps of the set-up'));
  await window.picture('setup');
});

step('a scan finds the machines', async () => {
  await window.go('Machines');
  await window.click(role('button', 'Scan the network'));
  for (const { name } of machines) await window.see(role('checkbox', `Pick ${name}`));
  await window.see(role('button', 'Scan again'), 60_000);
  assert.equal(await window.driver.getTitle(), 'Machines · Portico');
  assert.equal(await window.driver.executeScript(() => typeof globalThis.__TAURI__), 'undefined');
});

step('each connects, once its fingerprint was accepted', async () => {
  for (const machine of machines) {
    await window.click(role('checkbox', `Pick ${machine.name}`));
    await window.click(role('button', `Connect to ${machine.name}`));
    await connect(machine, machine === machines[0] && 'connect');
  }
  await window.see(role('button', 'Choose roles'));
  await window.picture('machines');
});

step('roles are chosen and the machines checked', async () => {
  await window.click(role('button', 'Choose roles'));
  await window.see(role('heading', 'Who does what'));
  await window.see(role('button', 'Preview the build'), 60_000);
  await window.picture('cluster-roles');
});

step('every step is shown before it is done', async () => {
  await window.click(role('button', 'Preview the build'));
  await window.see(role('heading', 'What will happen'), 60_000);
  await window.click(role('button', 'Show all commands'));
  await window.see(role('group', /^Command of/));
  await window.click(role('button', 'Hide all commands'));
  await window.picture('cluster-preview');
});

step('the cluster is built', async () => {
  await window.click(role('button', 'Build the cluster'));
  await window.see(role('progressbar', 'Progress of the run'));
  await window.picture('cluster-build');
  // Closed midway it only hides: the run goes on, and is there when the tray brings the window back.
  assert.equal(desktop('state'), 'visible');
  desktop('close');
  const becomes = (state) => {
    const until = Date.now() + 10_000;
    while (desktop('state') !== state) assert.ok(Date.now() < until, `the window is ${state}`);
  };
  becomes('hidden');
  desktop('tray', 'Open Portico');
  becomes('visible');
  await window.see(role('progressbar', 'Progress of the run'));
  await window.see(role('heading', 'Your cluster is ready'), 240_000);
  for (const { name } of machines) await window.see(role('region', name));
  await window.picture('cluster');
});

step('a service is opened and answers', async () => {
  await window.go('Services');
  await window.click(role('link', 'Add service'));
  await window.see(role('textbox', 'Name'));
  await window.choose('example.test', role('combobox', 'Zone'));
  await window.picture('service-add');
  await window.click(role('button', 'Preview'));
  await window.click(role('button', 'Add the service'));
  await window.see(role('heading', 'echo.example.test answers'), 180_000);
  await window.go('Services');
  await window.see(role('table'));
  await window.picture('services');
});

step('its path is drawn, hop by hop, in both themes', async () => {
  await window.go('Flow');
  await window.click(role('button', /^echo\b.*Service/));
  const path = role('complementary', 'Path');
  await window.see(path, role('heading', 'From your LAN'));
  assert.ok((await window.all(path, role('listitem'))).length >= 5, 'from who asks to the machine it runs on');
  await window.picture('flow');
  while ((await window.all(role('button', 'Theme: Dark'))).length === 0)
    await window.click(role('button', /^Theme:/));
  await window.picture('flow-dark');
  await window.click(role('radio', 'Table'));
  await window.see(role('table', 'Flow of traffic'));
  await window.driver.actions().sendKeys(Key.ESCAPE).perform();
});

step('what was done can be read again', async () => {
  while ((await window.all(role('button', 'Theme: Light'))).length === 0)
    await window.click(role('button', /^Theme:/));
  await window.go('Runs');
  await window.see(role('table'));
  await window.picture('runs');
});

step('nothing was blocked by the content security policy, and no script failed', async () => {
  assert.deepEqual(await window.complaints(), []);
});
