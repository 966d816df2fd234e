// Bad input to the window before anything is built: each refusal says what is wrong and what to do next, right at
// the field that can put it right, and nothing was changed.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { accessible, footprint, go, homelab, openBrowser, picture, url, visible } from './page.mjs';

const { machines, guest, keys } = homelab;
let browser, page, complaints, untouched;

before(async () => {
  untouched = await footprint();
  ({ browser, page, complaints } = await openBrowser());
  await page.goto(url);
});
after(() => browser?.close());

/** The field is marked, and described by a sentence that says both what is wrong and what to do. */
async function refused(field, what, next) {
  assert.equal(await field.getAttribute('aria-invalid'), 'true', `the field is marked: ${what}`);
  const said = await page.locator(`[id="${await field.getAttribute('aria-describedby')}"]`).textContent();
  for (const part of [what, next]) assert.ok(said.includes(part), `"${part}" is not in "${said}"`);
  assert.deepEqual(await footprint(), untouched, 'nothing was changed');
}

/** Opens the form for a machine, fills it, sends it, and trusts a new fingerprint. */
async function login(page, name, fields) {
  await page.getByRole('button', { name: `Connect to ${name}`, exact: true }).click();
  const form = page.getByRole('dialog', { name: `Connect to ${name}` });
  await form.getByRole('textbox', { name: 'User' }).fill(fields.user);
  if (fields.port) await form.getByRole('textbox', { name: 'Port' }).fill(fields.port);
  await form.getByRole('radio', { name: fields.key ? 'Key file' : 'Password' }).check({ force: true });
  if (fields.key) {
    await form.getByRole('textbox', { name: 'Key file' }).fill(fields.key);
    await form.getByLabel('Passphrase').fill(fields.passphrase ?? '');
  } else await form.getByRole('textbox', { name: 'Password', exact: true }).fill(fields.password);
  await form.getByRole('button', { name: 'Connect', exact: true }).click();
  const trust = form.getByRole('button', { name: 'Yes, trust this machine' });
  // A machine whose key is pinned lets us in at once.
  await Promise.race([trust.or(form.getByRole('alert')).first().waitFor(), form.waitFor({ state: 'hidden' })]);
  if (await trust.isVisible()) await trust.click();
  return form;
}

describe('networks', () => {
  const field = () => page.getByRole('textbox', { name: 'Another network' });
  for (const [typed, what, next] of [
    ['192.168.1.0/33', '"192.168.1.0/33" is not a subnet.', 'like 192.168.1.0/24'],
    ['192.168.1.4/32', '192.168.1.4/32 has no addresses to scan.', 'Use a larger subnet'],
    ['192.168.0.0/23 192.168.1.0/24', '192.168.1.0/24 and 192.168.0.0/23 overlap.', 'Leave one of them out.'],
    ['10.1.0.0/16', '10.1.0.0/16 has 65534 addresses', 'allow large ones'],
  ])
    test(`${typed} is refused`, async () => {
      await go(page, 'Machines');
      if (!(await field().isVisible())) await page.getByRole('button', { name: 'Networks' }).click();
      for (const box of await page.locator('#networks fieldset input').all()) await box.uncheck();
      await field().fill(typed);
      await page.getByRole('button', { name: /^Scan / }).first().click();
      await page.getByRole('alert').filter({ hasText: what }).waitFor();
      await refused(field(), what, next);
      await accessible(page, typed);
    });
  test('are shown with the field at hand', () => picture(page, 'networks-refused'));
});

describe('logins', () => {
  before(async () => {
    await page.goto('about:blank');
    await page.goto(url);
    await go(page, 'Machines');
    await page.getByRole('button', { name: 'Scan the network' }).click();
    await visible(page.getByRole('button', { name: 'Scan again' }), 'the scan ends', 60_000);
  });

  /** Opens the form for a machine, fills it, sends it, trusts a new fingerprint, and waits for the refusal. */
  async function attempt(name, fields) {
    const form = await login(page, name, fields);
    await form.getByRole('alert').first().waitFor();
    return form;
  }
  async function away(form) {
    await page.keyboard.press('Escape');
    await form.waitFor({ state: 'hidden' });
  }
  const pi = machines[0];

  test('a closed port is said at the port', async () => {
    const form = await attempt(pi.name, { user: pi.user, port: '1', password: pi.password });
    await refused(form.getByRole('textbox', { name: 'Port' }), 'refused the connection on port 1', 'SSH');
    await away(form);
  });
  test('a wrong passphrase is said at the passphrase', async () => {
    const form = await attempt(pi.name, { user: pi.user, key: keys.locked, passphrase: 'wrong' });
    await refused(form.getByLabel('Passphrase'), 'passphrase', '');
    await picture(page, 'connect-wrong-passphrase');
    await away(form);
  });
  test('a file that is no key is said at its path', async () => {
    const form = await attempt(pi.name, { user: pi.user, key: keys.notAKey });
    await refused(form.getByRole('textbox', { name: 'Key file' }), 'key', '');
    await away(form);
  });
  test('a user who may not use sudo is said at the user', async () => {
    const form = await attempt(guest.name, guest);
    await refused(form.getByRole('textbox', { name: 'User' }), 'sudo', '');
    await away(form);
  });
});

describe('documents', () => {
  const sheet = () => page.getByRole('dialog', { name: 'Open a document' });
  const text = () => sheet().getByRole('textbox', { name: 'Document' });
  const document = (machines, k3s = '{ version: v1.34.4+k3s1 }', more = '') =>
    `version: 1\nname: home\nk3s: ${k3s}\n${more}machines:\n` +
    machines.map(([name, address, role]) => `  - { name: ${name}, address: ${address}, role: ${role}, user: pi }\n`).join('');
  const one = [['pi-1', machines[0].address, 'server']];

  async function open(yaml) {
    if (!(await sheet().isVisible())) {
      await go(page, 'Cluster');
      await page.getByRole('button', { name: 'Open a document' }).click();
    }
    await text().fill(yaml);
    await sheet().getByRole('button', { name: 'Read it' }).click();
  }
  for (const [what, yaml, said, next] of [
    ['an unknown field', document(one, undefined, 'maschines: []\n'), 'Line 4: the field "maschines" is not known.', 'machines'],
    ['broken YAML', 'version: 1\nname: [home\n', 'cannot be read at line', 'Nothing was changed'],
    ['two servers', document([...one, ['pi-2', machines[1].address, 'server']]), 'Two servers are less safe', 'Use one server, or three.'],
  ])
    test(`${what} is said at the text`, async () => {
      await open(yaml);
      await sheet().getByRole('alert').filter({ hasText: said }).waitFor();
      await refused(text(), said, next);
      await accessible(page, what);
    });
  test('a document in trouble is shown', () => picture(page, 'document-refused'));

  test('a K3s version that does not exist is said before anything is done', async () => {
    await open(document(one, '{ version: v1.99.9+k3s1 }'));
    await sheet().waitFor({ state: 'hidden' });
    // A machine of the document that was never met is connected from here.
    const form = await login(page, 'pi-1', machines[0]);
    await form.waitFor({ state: 'hidden' });
    await page.getByRole('button', { name: 'Preview the build' }).click();
    await visible(page.getByText('There is no K3s v1.99.9+k3s1.'), 'the version is named');
    await visible(page.getByText('Choose a version that exists:'), 'with the way out');
    assert.deepEqual(await footprint(), untouched);
  });
  test('unknown hosts and closed ports are said at their machine', async () => {
    await open(document([...one, ['lost', 'no-such-machine.invalid', 'agent'], ['shut', '127.77.0.200', 'agent']]));
    await sheet().waitFor({ state: 'hidden' });
    const at = (name) => page.getByRole('region', { name, exact: true }).getByRole('alert');
    await at('lost').filter({ hasText: 'The name no-such-machine.invalid has no address.' }).waitFor();
    await at('lost').filter({ hasText: 'Check the spelling' }).waitFor();
    await at('shut').filter({ hasText: '127.77.0.200 refused the connection' }).waitFor();
    await accessible(page, 'machines that cannot be read');
    await picture(page, 'cluster-unread');
    assert.deepEqual(await footprint(), untouched);
  });
});

test('said nothing on the console, and asked nothing outside', () => assert.deepEqual(complaints, []));
