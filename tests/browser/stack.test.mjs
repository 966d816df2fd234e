// The whole stack with the mouse: tokens, certificates, the tunnel and keys; then a service that is opened to the
// internet with a login, switched to the LAN, and hidden. What is in the way is said where it can be put right.
import assert from 'node:assert/strict';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { go, homelab, openBrowser, rpc, shown, url, visible } from './page.mjs';

const { machines, zone, tokens } = homelab;
let browser, page, complaints;

/** A cluster of two, without the window: how one is built is another story. */
async function build() {
  const two = machines.slice(0, 2);
  for (const { address, user, password } of two) {
    const login = { address, port: null, user, method: { kind: 'password' }, password, passphrase: null, remember: true };
    const { args } = await rpc('connect', { ...login, accept: null });
    await rpc('connect', { ...login, accept: args.fingerprint });
  }
  const rows = two.map(({ name, address, user }, index) =>
    `  - { name: ${name}, address: ${address}, role: ${index === 0 ? 'server' : 'agent'}, user: ${user} }\n`);
  const yaml = `version: 1\nname: home\nk3s: { channel: stable }\nmachines:\n${rows.join('')}`;
  const { document } = await rpc('document-read', { yaml });
  const plan = await rpc('preview', { change: { kind: 'buildCluster', document } });
  let run = await rpc('apply', { plan: plan.id });
  while (run.state === 'running') {
    await new Promise((resolve) => setTimeout(resolve, 500));
    run = await rpc('run', { run: run.id });
  }
  assert.equal(run.state, 'done', JSON.stringify(run.steps.find((step) => step.problem)));
}

before(async () => {
  await build();
  ({ browser, page, complaints } = await openBrowser());
  await page.goto(url);
});
after(() => browser?.close());

const button = (name) => page.getByRole('button', { name, exact: true });
const part = (name) =>
  page.getByRole('navigation', { name: 'Stack' }).getByRole('link', { name, exact: true }).click();
/** From the form to the end of the run; what is shown on the way is kept in pictures. */
async function apply(word, done, name) {
  await button('Preview').click();
  await visible(page.getByRole('heading', { name: 'What will happen' }), 'the preview', 60_000);
  await shown(page, `${name}-preview`);
  await button(word).click();
  await visible(page.getByRole('heading', { name: done }), done, 180_000);
  await shown(page, `${name}-done`);
}
const row = (name) => page.getByRole('row').filter({ hasText: name });

describe('the stack', () => {
  test('is shown as it is, with what should be known', async () => {
    await go(page, 'Stack');
    await visible(row('cert-manager').getByText('Not installed'), 'what is not there is said');
    await visible(row('ingress-nginx').getByText('Healthy'), 'what is there is said');
    await visible(page.getByText('no security fixes since March 2026'), 'the retired controller');
    await shown(page, 'stack-bare');
    await page.getByRole('link', { name: 'Move to Traefik' }).click();
    await visible(page.getByText('Serves now'), 'the two choices');
    await shown(page, 'stack-ingress');
    await button('Move to Traefik').click();
    await visible(page.getByText(/brings a Traefik older than/), 'a K3s that is too old is said');
    await shown(page, 'stack-ingress-refused');
  });

  test('takes two tokens, and says what each can do', async () => {
    await part('Tokens');
    const own = page.getByRole('region', { name: 'Your token' });
    const cluster = page.getByRole('region', { name: "The cluster's token" });
    await visible(own.getByText('needed for public services').first(), 'what the present one lacks');
    await visible(cluster.getByText('Not given yet.'), 'the other is missing');
    await shown(page, 'stack-tokens-first');
    await button('Replace: your token').click();
    await own.getByRole('textbox').fill(tokens.enough);
    await own.getByRole('button', { name: 'Use this token' }).click();
    await visible(button('Replace: your token'), 'it is kept');
    await button("Give the token: the cluster's token").click();
    await cluster.getByRole('textbox').fill(tokens.enough);
    await cluster.getByRole('button', { name: 'Use this token' }).click();
    await visible(cluster.getByText('can do more than the cluster needs'), 'one that is too wide');
    await shown(page, 'stack-token-too-wide');
    await cluster.getByRole('textbox').fill(tokens.cluster);
    await cluster.getByRole('button', { name: 'Use this token' }).click();
    await visible(button("Forget: the cluster's token"), 'it is kept');
    await shown(page, 'stack-tokens');
  });

  test('is set up', async () => {
    await page.getByRole('link', { name: 'Set up certificates and the tunnel' }).click();
    assert.equal(await page.getByRole('textbox', { name: 'Name of the tunnel' }).inputValue(), 'portico-home');
    await page.getByRole('textbox', { name: 'E-mail' }).fill('me@example.test');
    await page.getByRole('radio', { name: "Let's Encrypt, rehearsal" }).check({ force: true });
    await shown(page, 'stack-set-up');
    await apply('Set up', 'The stack is set up', 'stack-set-up');
    await button('Close').click();
    await part('Components');
    for (const name of ['sealed-secrets', 'cert-manager', 'cloudflared'])
      await visible(row(name).getByText('Healthy'), `${name} is healthy`, 60_000);
    await shown(page, 'stack-complete');
  });

  test('has its keys saved, under a passphrase that was typed twice', async () => {
    await page.getByRole('link', { name: 'Save the keys' }).click();
    const form = page.getByRole('form', { name: 'Save the keys' });
    await form.getByRole('textbox', { name: 'File' }).fill(join(mkdtempSync(join(tmpdir(), 'keys-')), 'keys.age'));
    await form.getByRole('textbox', { name: 'Passphrase', exact: true }).fill('correct horse');
    await form.getByRole('textbox', { name: 'Passphrase once more' }).fill('correct house');
    await form.getByRole('button').click();
    await visible(form.getByText('The two are not the same.'), 'a slip is noticed');
    await form.getByRole('textbox', { name: 'Passphrase once more' }).fill('correct horse');
    await form.getByRole('button').click();
    await visible(form.getByText('Saved to'), 'it is said', 60_000);
    await visible(page.getByRole('cell', { name: 'Saved', exact: true }), 'and shown');
    await shown(page, 'stack-keys');
  });

  test('lets a component have another version', async () => {
    await part('Components');
    await button('Other version: cert-manager').click();
    await visible(page.getByRole('dialog'), 'the versions');
    await shown(page, 'stack-pin');
    await page.keyboard.press('Escape');
  });
});

describe('a service', () => {
  const name = () => page.getByRole('textbox', { name: 'Name' });
  const emails = () => page.getByRole('textbox', { name: 'Who may log in' });

  test('that is in the way is said at the name, and taken over only if told to', async () => {
    await go(page, 'Services');
    await page.getByRole('link', { name: 'Add service' }).click();
    await page.getByRole('combobox', { name: 'Zone' }).selectOption(zone);
    await name().fill('nas');
    await button('Preview').click();
    await visible(page.getByText(`nas.${zone} has a record of yours already`), 'the record is named', 60_000);
    await shown(page, 'service-conflict');
    await page.getByRole('checkbox', { name: /Take it over/ }).check();
    await button('Preview').click();
    await visible(page.getByRole('heading', { name: 'What will happen' }), 'it is previewed again', 60_000);
    await button('Back').click();
    await name().fill('echo');
  });

  test('is opened to the internet with a login', async () => {
    await page.getByRole('radio', { name: 'The internet' }).check({ force: true });
    await name().fill('a.echo');
    await visible(page.getByText('is deeper than Cloudflare'), 'a deep name is refused while it is typed');
    await name().fill('echo');
    await emails().fill('me@example.test nobody');
    await visible(page.getByText('nobody is no e-mail address'), 'what is no address is said');
    await emails().fill('me@example.test');
    await button('Preview').click();
    const known = page.getByRole('checkbox', { name: 'I know; open it all the same' });
    await visible(known, 'the retired controller needs a yes');
    await shown(page, 'service-add-public');
    await known.check();
    await apply('Add the service', `echo.${zone} answers`, 'service-public');
    await button('Close').click();
    await visible(row(`echo.${zone}`).getByText('Public, with a login'), 'who can reach it');
    await visible(row(`echo.${zone}`).getByText('Up'), 'it is watched', 60_000);
    await shown(page, 'services-public');
  });

  test('is drawn from the internet to the machine', async () => {
    await button('Show echo in the flow').click();
    const path = page.getByRole('complementary', { name: 'Path' });
    await visible(path.getByRole('heading', { name: 'From the internet' }), 'the path');
    await visible(page.getByRole('button', { name: /^portico-home/ }), 'the tunnel');
    await visible(page.getByText('no security fixes since March 2026'), 'the condition');
    await shown(page, 'flow-public');
  });

  test('is switched to the LAN, and gets a certificate', async () => {
    await go(page, 'Services');
    await page.getByRole('link', { name: 'Change who can reach echo' }).click();
    await page.getByRole('radio', { name: 'My LAN' }).check({ force: true });
    await shown(page, 'service-edit');
    await apply('Change it', `echo.${zone} answers`, 'service-lan');
    await button('Close').click();
    await visible(row(`echo.${zone}`).getByText('LAN only'), 'who can reach it');
    const link = row(`echo.${zone}`).getByRole('link', { name: `echo.${zone}`, exact: true });
    assert.equal(await link.getAttribute('href'), `https://echo.${zone}`);
    await shown(page, 'services-lan');
  });

  test('stays reachable while Traefik takes over from ingress-nginx', async () => {
    await go(page, 'Stack');
    await part('Ingress');
    await button('Move to Traefik').click();
    await page.getByRole('textbox', { name: 'Version of Traefik that you accept' }).fill('3.6.13');
    await button('Move to Traefik').click();
    await visible(page.getByText('Try every name through it'), 'the names are tried first', 60_000);
    await shown(page, 'stack-move-preview');
    await button('Move to Traefik').click();
    await visible(page.getByRole('heading', { name: 'Traefik serves' }), 'it serves', 180_000);
    await shown(page, 'stack-moved');
    await button('Close').click();
    await part('Components');
    await visible(row('traefik').getByText('Healthy'), 'the new one', 60_000);
    assert.equal(await page.getByText('no security fixes since March 2026').count(), 0, 'nothing is left to know');
    await go(page, 'Services');
    await visible(row(`echo.${zone}`).getByText('Up'), 'it answers', 60_000);
  });

  test('is hidden', async () => {
    await page.getByRole('link', { name: 'Hide echo' }).click();
    await shown(page, 'service-hide');
    await apply('Hide it', `echo.${zone} is hidden`, 'service-hidden');
    await button('Close').click();
    await visible(page.getByText('Open your first service'), 'nothing is left');
  });

  test('said nothing on the console, and asked nothing outside', () => assert.deepEqual(complaints, []));
});
