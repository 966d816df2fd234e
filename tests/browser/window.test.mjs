// The window in a real browser: what goes wrong while connecting, then the whole job, then every page in
// both themes and narrow. Locators by role and label only. The order matters, as it does for a person.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { accessible, go, homelab, openBrowser, picture, url, visible } from './page.mjs';

const { machines, zone, changedKey, tokens } = homelab;
let browser, page, complaints;

before(async () => {
  ({ browser, page, complaints } = await openBrowser());
  await page.goto(url);
});
after(() => browser?.close());

const sheet = (name) => page.getByRole('dialog', { name: `Connect to ${name}` });
const password = (name) => sheet(name).getByRole('textbox', { name: 'Password', exact: true });
const submit = (name) => sheet(name).getByRole('button', { name: 'Connect', exact: true }).click();

/** Fills the form; the radio button itself is hidden behind its label. */
async function fill(machine, secret) {
  const form = sheet(machine.name);
  await form.getByRole('textbox', { name: 'User' }).fill(machine.user);
  await form.getByRole('radio', { name: 'Password' }).check({ force: true });
  await password(machine.name).fill(secret);
}
/** Trusts a machine if it is new; the password that was typed answers sudo, too. */
async function connect(machine) {
  const form = sheet(machine.name);
  const trust = form.getByRole('button', { name: 'Yes, trust this machine' });
  await submit(machine.name);
  await trust.waitFor({ timeout: 5000 }).catch(() => undefined);
  if (await trust.isVisible()) await trust.click();
  await form.waitFor({ state: 'hidden' });
}

describe('machines', () => {
  test('a scan finds them all', async () => {
    await go(page, 'Machines');
    await page.getByRole('button', { name: 'Scan the network' }).click();
    for (const { name } of machines)
      await visible(page.getByRole('checkbox', { name: `Pick ${name}` }), `${name} is found`);
    await visible(page.getByRole('button', { name: 'Scan again' }), 'the scan ends', 60_000);
    await accessible(page, 'machines');
    await picture(page, 'machines');
  });

  test('a wrong password is said at its field, and nothing is connected', async () => {
    const machine = machines[0];
    await page.getByRole('button', { name: `Connect to ${machine.name}` }).click();
    await fill(machine, 'not the password');
    await submit(machine.name);
    const trust = sheet(machine.name).getByRole('button', { name: 'Yes, trust this machine' });
    await visible(trust, 'a new machine shows its fingerprint first');
    await accessible(page, 'fingerprint');
    await picture(page, 'connect-fingerprint');
    await trust.click();
    await visible(sheet(machine.name).getByRole('alert'), 'the refusal is announced');
    assert.equal(await password(machine.name).getAttribute('aria-invalid'), 'true');
    await accessible(page, 'wrong password');
    await picture(page, 'connect-wrong-password');
    await page.keyboard.press('Escape');
    await sheet(machine.name).waitFor({ state: 'hidden' });
    await visible(
      page.getByRole('button', { name: `Connect to ${machine.name}` }),
      'it is still not connected',
    );
  });

  test('a changed host key stops with both fingerprints', async () => {
    const machine = { user: machines[0].user, name: changedKey };
    await page.getByRole('button', { name: `Connect to ${changedKey}` }).click();
    await fill(machine, 'never sent');
    await submit(changedKey);
    await visible(page.getByText('This machine shows another key than before'), 'the change is said');
    await visible(page.getByText('Known until now'), 'the old fingerprint');
    await visible(page.getByText('Shown now'), 'the new fingerprint');
    assert.equal(await page.getByRole('button', { name: /trust/ }).count(), 0, 'it cannot be waved through');
    await accessible(page, 'host key changed');
    await picture(page, 'connect-key-changed');
    await page.keyboard.press('Escape');
    await sheet(changedKey).waitFor({ state: 'hidden' });
  });

  test('each connects', async () => {
    for (const machine of machines) {
      await page.getByRole('checkbox', { name: `Pick ${machine.name}` }).check();
      await page.getByRole('button', { name: `Connect to ${machine.name}` }).click();
      await fill(machine, machine.password);
      await connect(machine);
    }
    await visible(page.getByRole('button', { name: 'Choose roles' }), 'all are connected');
    await picture(page, 'machines-connected');
  });
});

describe('the cluster', () => {
  test('is checked and previewed before anything is changed', async () => {
    await page.getByRole('button', { name: 'Choose roles' }).click();
    await visible(page.getByRole('heading', { name: 'Who does what' }), 'roles are proposed');
    await page.getByRole('button', { name: 'Preview the build' }).click({ trial: true, timeout: 60_000 });
    await accessible(page, 'roles');
    await picture(page, 'cluster-roles');
    await page.getByRole('button', { name: 'Preview the build' }).click();
    await visible(page.getByRole('heading', { name: 'What will happen' }), 'the preview', 60_000);
    await page.getByRole('button', { name: 'Show all commands' }).click();
    await visible(
      page.getByRole('group', { name: /^Command of/ }).first(),
      'the exact command is a click away',
    );
    await accessible(page, 'preview');
    await picture(page, 'cluster-preview');
  });

  test('is built, machine by machine', async () => {
    await page.getByRole('button', { name: 'Build the cluster' }).click();
    await visible(page.getByRole('progressbar', { name: 'Progress of the run' }), 'progress');
    await accessible(page, 'build');
    await picture(page, 'cluster-build');
    await visible(
      page.getByRole('heading', { name: 'Your cluster is ready' }),
      'the build ends well',
      180_000,
    );
    for (const { name } of machines)
      await visible(page.getByRole('region', { name, exact: true }), `the lane of ${name}`);
    await accessible(page, 'built');
    await picture(page, 'cluster-ready');
  });
});

describe('a service', () => {
  test('is refused under a name that DNS does not allow', async () => {
    await go(page, 'Services');
    await page.getByRole('link', { name: 'Add service' }).click();
    const name = page.getByRole('textbox', { name: 'Name' });
    await page.getByRole('combobox', { name: 'Zone' }).selectOption(zone);
    await visible(page.getByText(`It will answer at echo.${zone}.`), 'a name is proposed');
    await accessible(page, 'add service');
    await picture(page, 'service-add');
    await name.fill('-not a name-');
    await page.getByRole('button', { name: 'Preview' }).click();
    await visible(page.getByRole('alert'), 'the refusal is announced');
    assert.equal(await name.getAttribute('aria-invalid'), 'true');
    await name.fill('echo');
  });

  test('stops at a token that may too little, and goes on with another', async () => {
    const preview = page.getByRole('button', { name: 'Preview' });
    const add = page.getByRole('button', { name: 'Add the service' });
    await preview.click();
    await visible(add, 'the preview');
    await add.click();
    const another = page.getByRole('button', { name: 'Use another token' });
    await visible(another, 'the run says what it lacks', 120_000);
    await visible(page.getByText('Zone → DNS → Edit').first(), 'the permission, by the name that the dashboard gives it');
    await accessible(page, 'token that may too little');
    await picture(page, 'token-lacks-permission');
    await another.click();
    const token = page.getByRole('textbox', { name: 'Cloudflare token' });
    const use = async (secret) => {
      await token.fill(secret);
      await page.getByRole('button', { name: 'Use this token' }).click();
    };
    await use(tokens.expired);
    await token.and(page.locator('[aria-invalid=true]')).waitFor();
    await accessible(page, 'token refused');
    await picture(page, 'token-refused');
    await use(tokens.enough);
    await page.getByRole('combobox', { name: 'Zone' }).selectOption(zone);
  });

  test('is opened and answers', async () => {
    await page.getByRole('button', { name: 'Preview' }).click();
    await visible(page.getByRole('button', { name: 'Add the service' }), 'the preview');
    await picture(page, 'service-preview');
    await page.getByRole('button', { name: 'Add the service' }).click();
    await visible(page.getByRole('heading', { name: `echo.${zone} answers` }), 'it answers', 120_000);
    await accessible(page, 'service added');
    await picture(page, 'service-added');
  });

  test('is drawn in the flow, and its path lights up hop by hop', async () => {
    await go(page, 'Flow');
    const echo = page.getByRole('button', { name: /^echo\b.*Service/ });
    await visible(echo, 'echo is drawn');
    await picture(page, 'flow');
    await echo.click();
    const path = page.getByRole('complementary', { name: 'Path' });
    await visible(path.getByRole('heading', { name: 'From your LAN' }), 'its path is told');
    assert.ok((await path.getByRole('listitem').count()) >= 5, 'from who asks to the machine it runs on');
    await accessible(page, 'flow with a selection');
    await picture(page, 'flow-selected');
    await echo.focus();
    await page.keyboard.press('ArrowLeft');
    const focused = await page.evaluate(() => document.activeElement?.textContent ?? '');
    assert.match(focused, /Ingress/, 'the left arrow leads to the ingress');
    await page.getByRole('radio', { name: 'Table' }).check({ force: true });
    await visible(page.getByRole('table', { name: 'Flow of traffic' }), 'the same as a table');
    await accessible(page, 'flow table');
    await picture(page, 'flow-table');
    await page.getByRole('radio', { name: 'Diagram' }).check({ force: true });
  });
});

describe('every page', () => {
  const pages = 'Set-up Flow Health Services Machines Cluster Stack Credentials Runs History Settings'.split(' ');
  for (const theme of ['light', 'dark'])
    for (const width of [1440, 1024, 760])
      test(`is accessible and fits: ${theme}, ${width} pixels`, async () => {
        await page.emulateMedia({ colorScheme: theme });
        await page.setViewportSize({ width, height: 880 });
        for (const name of pages) {
          await go(page, name);
          await visible(page.getByRole('heading', { level: 1 }).first(), name);
          await accessible(page, `${name}, ${theme}, ${width}`);
          const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
          assert.ok(over <= 0, `${name} is ${over} pixels too wide at ${width}`);
          await picture(page, `${name.toLowerCase()}-${theme}-${width}`);
        }
      });

  test('said nothing on the console, and asked nothing outside', () => assert.deepEqual(complaints, []));
});
