// Each fault of the practice page, thrown and taken back: seen in the diagram, named with its cause, and told by the
// desktop where something cannot be reached any more. For a story whose cluster stands and whose echo answers.
import assert from 'node:assert/strict';
import { accessibleEverywhere, opened } from './accessible.mjs';
import { label, role } from './driver.mjs';

const host = 'echo.example.test';

export function faults(told) {
  const { step } = told;
  const path = role('complementary', 'Path');
  const drawn = (name, health) => told.window.see(role('button', new RegExp(`^${name}\\b.*, ${health}`)), 40_000);

  /** By mouse, on the practice page. */
  async function thrown(name, on) {
    await told.window.go('Practice homelab');
    await told.window.click(role('switch', name));
    await told.window.see(role('switch', name, { checked: on }));
  }
  async function listed(cause) {
    await told.window.go('Health');
    await told.window.see(role('heading', cause), 40_000);
  }

  let worker, other;
  step('the machine that a service runs on is unplugged: it is why, and the desktop tells it', async () => {
    await told.window.go('Flow');
    if ((await told.window.all(path, role('heading', 'From your LAN'))).length === 0)
      await told.window.click(role('button', /^echo\b.*Service/));
    await told.window.see(path, role('heading', 'From your LAN'));
    const hops = await told.window.all(path, role('listitem'));
    worker = /(pi-\d|nuc-1)/.exec(await told.window.text(hops.at(-1)))?.[1];
    assert.ok(worker, 'the path ends at a machine');
    // A full disk takes a minute to be told of; it has that while other things go wrong.
    other = ['pi-2', 'pi-3'].find((name) => name !== worker);
    await thrown(`Disk full, ${other}`, true);
    await thrown(`Unplugged, ${worker}`, true);
    const { title, text } = await told.notifications.tells(/cannot be reached$/);
    assert.equal(title, `${host} cannot be reached`);
    assert.match(text, new RegExp(`The node ${worker} is not Ready`));
    await told.window.go('Flow');
    await drawn(worker, 'Down');
    await told.window.see(role('alert'));
    await told.window.picture('flow-down');
    await listed(new RegExp(`${worker} is not Ready`));
    await told.window.picture('health');
  });

  step('it is plugged in again, and that is told, too', async () => {
    await thrown(`Unplugged, ${worker}`, false);
    const { title } = await told.notifications.tells(/can be reached again$/);
    assert.equal(title, `${host} can be reached again`);
    await told.window.go('Flow');
    await drawn(worker, 'Up');
  });

  step('the server is unplugged: nothing is known, nothing is drawn as up, and one cause is told', async () => {
    await thrown('Unplugged, pi-1', true);
    await told.notifications.tells(/^The cluster's API does not answer/);
    await listed(/^The cluster's API does not answer/);
    await told.window.go('Flow');
    await drawn('echo', '(Unknown|Down)');
    await thrown('Unplugged, pi-1', false);
    await told.notifications.tells(/It is over|can be reached again/);
    await told.window.go('Flow');
    await drawn('echo', 'Up');
  });

  step('the disk that has been full all the while is named, and is no alarm, for the service answers', async () => {
    await listed(new RegExp(`^${other} runs out of disk`));
    await thrown(`Disk full, ${other}`, false);
    assert.deepEqual(told.notifications.told, []);
  });

  step('the service is opened to the internet, through a tunnel', async () => {
    await told.window.open('stack/set-up');
    await told.window.see(role('heading', 'Certificates and the tunnel'));
    await told.window.click(role('checkbox', 'Set up certificates', { checked: true }));
    await told.window.click(role('button', 'Preview'));
    await told.window.click(role('button', 'Set up'));
    await told.window.see(role('heading', 'The stack is set up'), 120_000);
    await told.window.open('services/edit/echo');
    await told.window.click(role('radio', 'The internet'));
    await told.window.click(role('checkbox', /^I know/));
    await told.window.click(role('button', 'Preview'));
    await told.window.click(role('button', 'Change it'));
    await told.window.see(role('heading', `${host} answers`), 120_000);
    for (const page of ['credentials', 'stack']) {
      await opened(told.window, page);
      await told.window.picture(page);
    }
  });

  step('the internet goes down', () => thrown('The internet is down', true));

  // The line is given a minute; the pages are looked at meanwhile, with something wrong on them.
  accessibleEverywhere(told);

  step('the line is why, and that is told', async () => {
    const { title } = await told.notifications.tells(/cannot be reached$/, 90_000);
    assert.equal(title, `${host} cannot be reached`);
    await told.window.go('Flow');
    await drawn('Internet', 'Down');
    await drawn('portico-home', 'Unknown');
    await told.window.picture('flow-internet-away');
    await thrown('The internet is down', false);
    await told.notifications.tells(/can be reached again$/);
  });

  step('a wildcard record and a revoked token are named where names and tokens are', async () => {
    await thrown('Somebody adds a wildcard record', true);
    await told.window.go('Services');
    await told.window.says(/The wildcard \*\.example\.test answers for/);
    await thrown('Somebody adds a wildcard record', false);
    await thrown('The token is revoked', true);
    await told.window.go('Credentials');
    await told.window.says(/Cloudflare does not accept the token/);
    await thrown('The token is revoked', false);
  });

  step('a certificate is refused: its hop is down and says why, while the run waits for it', async () => {
    await thrown('Certificates are refused', true);
    await told.window.open('stack/set-up');
    await told.window.see(role('heading', 'Certificates and the tunnel'));
    await told.window.type('someone@example.test', label('E-mail'));
    await told.window.click(role('button', 'Preview'));
    await told.window.click(role('button', 'Set up'));
    await told.window.see(role('heading', 'The stack is set up'), 120_000);
    await told.window.open('services/edit/echo');
    await told.window.click(role('radio', 'My LAN'));
    await told.window.click(role('button', 'Preview'));
    await told.window.click(role('button', 'Change it'));
    await told.window.see(role('progressbar', 'Progress of the run'));
    await told.window.go('Flow');
    await drawn('echo-tls', 'Down');
    await told.window.says(/The certificate \S+echo-tls does not come/, 90_000);
    await told.window.picture('flow-certificate-refused');
    await thrown('Certificates are refused', false);
  });
}
