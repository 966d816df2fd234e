// The whole job with the mouse, in the built app, on the practice homelab: from a scan to a service that answers
// and its path in the flow. The order matters, as it does for a person.
import assert from 'node:assert/strict';
import { theme } from './accessible.mjs';
import { becomes, desktop } from './desktop.mjs';
import { Key, label, role } from './driver.mjs';
import { faults } from './faults.mjs';
import { machines, story } from './story.mjs';

const told = story();
const { step } = told;

const dialog = (name) => role('dialog', `Connect to ${name}`);

/** Fills the form and sends it, trusting the machine when it is new. */
async function connect({ name, user, password }, picture) {
  const sheet = dialog(name);
  const trust = [sheet, role('button', 'Yes, trust this machine')];
  await told.window.type(user, sheet, role('textbox', 'User'));
  await told.window.click(sheet, role('radio', 'Password'));
  await told.window.type(password, sheet, label('Password'));
  await told.window.click(sheet, role('button', 'Connect'));
  await told.window.see(...trust);
  if (picture) await told.window.picture(picture);
  await told.window.click(...trust);
  // The password answers sudo as well, where it is asked for.
  await told.window.gone(sheet);
}

step('who starts it for the first time is shown round, and may skip that', async () => {
  await told.window.see(role('heading', 'Your machines come first'));
  await told.window.click(role('button', 'Skip'));
  await told.window.gone(role('heading', 'Your machines come first'));
  await told.window.see(role('list', 'The steps of the set-up'));
  await told.window.picture('setup');
});

step('a scan finds the machines', async () => {
  await told.window.go('Machines');
  await told.window.click(role('button', 'Scan the network'));
  for (const { name } of machines) await told.window.see(role('checkbox', `Pick ${name}`));
  await told.window.see(role('button', 'Scan again'), 60_000);
  assert.equal(await told.window.driver.getTitle(), 'Machines · Portico');
  assert.equal(await told.window.driver.executeScript(() => typeof globalThis.__TAURI__), 'undefined');
});

step('each connects, once its fingerprint was accepted', async () => {
  for (const machine of machines) {
    await told.window.click(role('checkbox', `Pick ${machine.name}`));
    await told.window.click(role('button', `Connect to ${machine.name}`));
    await connect(machine, machine === machines[0] && 'connect');
  }
  await told.window.see(role('button', 'Choose roles'));
  await told.window.picture('machines');
});

step('roles are chosen and the machines checked', async () => {
  await told.window.click(role('button', 'Choose roles'));
  await told.window.see(role('heading', 'Who does what'));
  await told.window.see(role('button', 'Preview the build'), 60_000);
  await told.window.picture('cluster-roles');
});

step('every step is shown before it is done', async () => {
  await told.window.click(role('button', 'Preview the build'));
  await told.window.see(role('heading', 'What will happen'), 60_000);
  await told.window.click(role('button', 'Show all commands'));
  await told.window.see(role('group', /^Command of/));
  await told.window.click(role('button', 'Hide all commands'));
  await told.window.picture('cluster-preview');
});

step('the cluster is built', async () => {
  await told.window.click(role('button', 'Build the cluster'));
  await told.window.see(role('progressbar', 'Progress of the run'));
  await told.window.picture('cluster-build');
  // Closed midway it only hides: the run goes on, and is there when the tray brings the window back.
  assert.equal(desktop('state'), 'visible');
  desktop('close');
  await becomes('hidden');
  await told.notifications.tells(/^Portico goes on$/);
  desktop('tray', 'Open Portico');
  await becomes('visible');
  await told.window.see(role('progressbar', 'Progress of the run'));
  await told.window.see(role('heading', 'Your cluster is ready'), 240_000);
  for (const { name } of machines) await told.window.see(role('region', name));
  await told.window.picture('cluster');
});

step('a service is opened and answers', async () => {
  await told.window.go('Services');
  await told.window.click(role('link', 'Add service'));
  await told.window.see(role('textbox', 'Name'));
  await told.window.choose('example.test', role('combobox', 'Zone'));
  await told.window.picture('service-add');
  await told.window.click(role('button', 'Preview'));
  await told.window.click(role('button', 'Add the service'));
  await told.window.see(role('heading', 'echo.example.test answers'), 180_000);
  await told.window.go('Services');
  await told.window.see(role('table'));
  await told.window.picture('services');
});

step('its path is drawn, hop by hop, in both themes', async () => {
  await told.window.go('Flow');
  await told.window.click(role('button', /^echo\b.*Service/));
  const path = role('complementary', 'Path');
  await told.window.see(path, role('heading', 'From your LAN'));
  assert.ok((await told.window.all(path, role('listitem'))).length >= 5, 'from who asks to the machine it runs on');
  await told.window.picture('flow');
  await theme(told.window, 'Dark');
  await told.window.picture('flow-dark');
  await told.window.click(role('radio', 'Table'));
  await told.window.see(role('table', 'Flow of traffic'));
  await told.window.driver.actions().sendKeys(Key.ESCAPE).perform();
});

step('what was done can be read again', async () => {
  await theme(told.window, 'Light');
  await told.window.go('Runs');
  await told.window.see(role('table'));
  await told.window.picture('runs');
});

faults(told);

step('nothing was blocked by the content security policy, and no script failed', async () => {
  assert.deepEqual(await told.window.complaints(), []);
});
