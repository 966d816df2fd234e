// The whole job once more without a mouse, and without Cloudflare: by Tab, Enter, Space, arrows and the shortcuts alone.
// Midway in the build the window is ended and opened anew, and the build goes on. The order matters, as it does for a person.
import assert from 'node:assert/strict';
import { theme } from './accessible.mjs';
import { Key, label, role } from './driver.mjs';
import { machines, story } from './story.mjs';

const told = story();
const { step } = told;
const two = machines.slice(0, 2);

step('the tour is skipped', async () => {
  await told.window.press(role('button', 'Skip'));
  await told.window.gone(role('heading', 'Your machines come first'));
});

step('a scan finds the machines, and two are picked', async () => {
  await told.window.keys('g', 'm');
  await told.window.press(role('button', 'Scan the network'));
  await told.window.see(role('button', 'Scan again'), 60_000);
  for (const { name } of two) {
    await told.window.reach(role('checkbox', `Pick ${name}`));
    await told.window.keys(Key.SPACE);
    await told.window.see(role('checkbox', `Pick ${name}`, { checked: true }));
  }
});

step('both are connected to, one after the other in one dialog', async () => {
  await told.window.press(role('button', 'Connect 2'));
  for (const { name, user, password } of two) {
    const sheet = role('dialog', `Connect to ${name}`);
    await told.window.reach(sheet, role('textbox', 'User'));
    // What the last one left there is selected by the Tab, and typed over.
    await told.window.keys(user);
    // From the first way to log in to the password, as radio buttons do.
    await told.window.reach(sheet, role('radio', undefined, { checked: true }));
    for (let tries = 0; !(await told.window.all(sheet, role('radio', 'Password', { checked: true }))).length; tries++) {
      assert.ok(tries < 5, 'the arrows lead to the password');
      await told.window.keys(Key.ARROW_DOWN);
    }
    await told.window.reach(sheet, label('Password'));
    await told.window.keys(password, Key.ENTER);
    await told.window.press(sheet, role('button', 'Yes, trust this machine'));
    await told.window.gone(sheet);
  }
});

step('the build is previewed and begun', async () => {
  await told.window.press(role('button', 'Choose roles'));
  await told.window.press(role('button', 'Preview the build'));
  await told.window.press(role('button', 'Build the cluster'));
  await told.window.see(role('progressbar', 'Progress of the run'));
});

step('ended midway and opened anew, it goes on from there', async () => {
  // A few steps are done, and others are not.
  await told.window.says(/\b[3-9] of \d\d steps/);
  await told.reopen();
  await told.window.press(role('link', 'Continue'));
  await told.window.says(/Portico ended while this ran/);
  await told.window.press(role('button', 'Continue'));
  await told.window.says(/Every step was seen to be true/, 120_000);
});

step('names are kept at home, without Cloudflare, and the page for the router is accessible', async () => {
  await told.window.keys('g', 't');
  await told.window.press(role('navigation', 'Stack'), role('link', 'Set-up'));
  await told.window.see(role('heading', 'Certificates and the tunnel'));
  await told.window.reach(role('radio', 'Cloudflare', { checked: true }));
  await told.window.keys(Key.ARROW_RIGHT);
  await told.window.see(role('heading', 'Names and certificates at home'));
  await told.window.press(role('button', 'Preview'));
  await told.window.press(role('button', 'Set up'));
  await told.window.see(role('heading', 'The stack is set up'), 120_000);
  await told.window.press(role('main'), role('link', 'At home'));
  await told.window.see(role('heading', 'Tell your router'));
  for (const name of ['Dark', 'Light']) {
    await theme(told.window, name, 'press');
    await told.window.accessible(`at home, ${name}`);
  }
  await told.window.picture('at-home');
});

step('a service is opened and answers', async () => {
  await told.window.keys('n');
  await told.window.press(role('button', 'Preview'));
  await told.window.press(role('button', 'Add the service'));
  await told.window.see(role('heading', 'echo.home.arpa answers'), 180_000);
});

step('its path is found, hop by hop', async () => {
  await told.window.keys('/');
  await told.window.reach(role('searchbox'));
  await told.window.keys('echo', Key.ENTER);
  const path = role('complementary', 'Path');
  await told.window.see(path, role('heading', 'From your LAN'));
  await told.window.reach(role('button', /^echo\b.*Service/));
  const focused = () => told.window.driver.executeScript(() => document.activeElement.textContent);
  await told.window.keys(Key.ARROW_LEFT);
  assert.match(await focused(), /Certificate/, 'the left arrow leads to the certificate');
  await told.window.keys(Key.ARROW_LEFT);
  assert.match(await focused(), /Ingress/, 'and on to the ingress');
});

step('and nothing was complained of', async () => {
  assert.deepEqual(await told.window.complaints(), []);
});
