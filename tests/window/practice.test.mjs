// From home into practice and back, in the built app: what a person who has never seen Portico is offered first.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { desktop } from './desktop.mjs';
import { role, Window } from './driver.mjs';

const data = mkdtempSync(join(tmpdir(), 'portico-'));
let window;

before(async () => {
  window = await Window.open(['--data', data]);
});
after(async () => {
  await window?.close();
  rmSync(data, { recursive: true, force: true });
});

const control = (name) => role('switch', name);
const isOn = async (name) => (await window.see(control(name))).getAttribute('aria-checked');

test('the first page offers both ways to begin', { timeout: 120_000 }, async () => {
  await window.see(role('button', /^Find my machines/));
  // The tour comes once; an earlier story of the same person may have seen it.
  if ((await window.all(role('button', 'Skip'))).length > 0) await window.click(role('button', 'Skip'));
  await window.click(role('button', /^Practise first/));
  await window.begunAnew();
  await window.see(role('link', /^Practice homelab/));
});

test('what is broken in practice is found by the scan', { timeout: 120_000 }, async () => {
  await window.click(role('link', /^Practice homelab/));
  await window.click(control('Unplugged, pi-2'));
  await window.see(role('heading', 'What goes wrong'));
  for (let tries = 0; (await isOn('Unplugged, pi-2')) !== 'true'; tries++) {
    assert.ok(tries < 50, 'the switch stays on');
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  await window.picture('practice');
  await window.go('Machines');
  await window.click(role('button', 'Scan the network'));
  await window.see(role('checkbox', 'Pick pi-1'));
  await window.see(role('button', 'Scan again'), 60_000);
  assert.deepEqual(await window.all(role('checkbox', 'Pick pi-2')), []);
});

test('starting over puts everything back', { timeout: 120_000 }, async () => {
  await window.click(role('link', /^Practice homelab/));
  await window.click(role('button', 'Start over'));
  await window.click(role('dialog', 'Start over?'), role('button', 'Start over'));
  await window.begunAnew();
  await window.click(role('link', /^Practice homelab/));
  assert.equal(await isOn('Unplugged, pi-2'), 'false');
});

test('and home is as it was left', { timeout: 120_000 }, async () => {
  await window.click(role('button', 'Leave practice'));
  await window.begunAnew();
  await window.see(role('button', /^Practise first/));
  assert.deepEqual(await window.all(role('link', /^Practice homelab/)), []);
});

test('the tray speaks the language of the window', { timeout: 120_000 }, async () => {
  desktop('tray', 'Open Portico');
  await window.go('Settings');
  await window.click(role('radio', 'Deutsch'));
  await window.begunAnew();
  await window.see(role('link', 'Einstellungen'));
  desktop('tray', 'Portico öffnen');
});
