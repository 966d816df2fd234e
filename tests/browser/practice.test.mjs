// The practice homelab: its switches and logins, and the question why a name cannot be reached, asked in the diagram.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { go, homelab, openBrowser, rpc, shown, url, visible } from './page.mjs';

let browser, page, complaints;
const host = `echo.${homelab.zone}`;
const control = (name) => page.getByRole('switch', { name });
const dialog = () => page.getByRole('dialog');

/** As a program would: what is shown here is not how a cluster is built. */
async function exposed() {
  const logins = (await rpc('rehearsal', {})).machines;
  const of = (name) => logins.find((login) => login.name === name);
  for (const { address, user, password } of ['pi-1', 'pi-2'].map(of)) {
    const login = {
      address,
      port: null,
      user,
      method: { kind: 'password' },
      password,
      passphrase: null,
    };
    const { args } = await rpc('connect', {
      ...login,
      accept: null,
      remember: false,
    });
    await rpc('connect', {
      ...login,
      accept: args.fingerprint,
      remember: false,
    });
  }
  await rpc('token-set', {
    token: homelab.tokens.enough,
    cluster: false,
    thisRun: true,
  });
  const machine = ({ name, address, user }, role) =>
    `  - { name: ${name}, address: ${address}, role: ${role}, user: ${user} }\n`;
  const yaml = `version: 1\nname: home\nk3s: { version: v1.34.4+k3s1 }\nmachines:\n${machine(of('pi-1'), 'server')}${machine(of('pi-2'), 'agent')}`;
  const { document } = await rpc('document-read', { yaml });
  await done({ kind: 'buildCluster', document });
  const exposure = {
    name: 'echo',
    hostname: host,
    reach: 'lan',
    tls: 'terminated',
    access: [],
    backend: { kind: 'echo', image: 'portico.local/echo:1' },
  };
  await done({ kind: 'expose', exposure, adopt: false, acceptRetired: true });
}

async function done(change) {
  const plan = await rpc('preview', { change });
  assert.ok(plan.id, JSON.stringify(plan));
  const { id } = await rpc('apply', { plan: plan.id });
  for (;;) {
    const run = await rpc('run', { run: id });
    if (run.state === 'done') return;
    assert.equal(run.state, 'running', JSON.stringify(run.steps.map((step) => step.problem)));
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

before(async () => {
  await exposed();
  ({ browser, page, complaints } = await openBrowser());
  await page.goto(url);
});
after(() => browser?.close());

describe('practice', () => {
  test('shows its switches and its logins', async () => {
    await go(page, 'Practice homelab');
    await visible(page.getByRole('heading', { name: 'What goes wrong' }), 'the switches');
    for (const { name } of homelab.machines) await visible(control(`Unplugged, ${name}`), name);
    await visible(
      page.getByRole('cell', { name: 'raspberry' }).first(),
      'a password that everybody may know',
    );
    await shown(page, 'practice');
  });

  test('a switch that is thrown is seen in the diagram, and why', async () => {
    await control('Unplugged, pi-2').click();
    await visible(page.getByRole('switch', { name: 'Unplugged, pi-2', checked: true }), 'the switch is on');
    await go(page, 'Flow');
    const box = page
      .getByRole('group', { name: 'Flow of traffic' })
      .getByRole('button', { name: /^pi-2.*Down/ });
    await visible(box.first(), 'the machine that is down');
    await page
      .getByRole('group', { name: 'Flow of traffic' })
      .getByRole('button', { name: /LAN DNS record/ })
      .click();
    await page.getByRole('button', { name: 'Why can’t I reach it?' }).click();
    await visible(
      dialog()
        .getByText(/pi-2 is not ready/i)
        .first(),
      'the one cause',
    );
    assert.ok((await dialog().getByRole('listitem').count()) > 5, 'each hop was looked at');
    await shown(page, 'why');
    await dialog().getByRole('button', { name: 'Close' }).first().click();
  });

  test('and is over when it is thrown back', async () => {
    await go(page, 'Practice homelab');
    await control('Unplugged, pi-2').click();
    await visible(page.getByRole('switch', { name: 'Unplugged, pi-2', checked: false }), 'the switch is off');
    await go(page, 'Flow');
    const box = page
      .getByRole('group', { name: 'Flow of traffic' })
      .getByRole('button', { name: /^pi-2.*Up/ });
    await visible(box.first(), 'the machine is back');
  });

  test('a service is there for a phone, too', async () => {
    await go(page, 'Services');
    await page.getByRole('button', { name: 'QR code of echo, for a phone' }).click();
    await visible(dialog().getByRole('img', { name: `QR code of http://${host}` }), 'the code');
    await shown(page, 'qr');
    await page.keyboard.press('Escape');
  });

  test('a login is filled in where one is asked for', async () => {
    await go(page, 'Machines');
    await page.getByRole('button', { name: 'Scan the network' }).click();
    const machine = homelab.machines.find(({ name }) => name === 'nuc-1');
    await page.getByRole('button', { name: `Connect to ${machine.name}` }).click();
    await dialog()
      .getByRole('button', { name: `Practice login: ${machine.user}` })
      .click();
    assert.equal(await dialog().getByRole('textbox', { name: 'User' }).inputValue(), machine.user);
    assert.equal(await dialog().getByRole('textbox', { name: 'Password' }).inputValue(), machine.password);
    await page.keyboard.press('Escape');
  });

  test('nothing was complained of', () => assert.deepEqual(complaints, []));
});
