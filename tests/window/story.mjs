// A story in the built app on a practice homelab of its own, told in steps: what the stories by mouse and by keyboard share.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Notifications } from './desktop.mjs';
import { Window } from './driver.mjs';

// What the app prints to the terminal for whoever rehearses.
export const machines = [
  { name: 'pi-1', user: 'pi', password: 'raspberry' },
  { name: 'pi-2', user: 'pi', password: 'raspberry' },
  { name: 'pi-3', user: 'pi', password: 'raspberry' },
  { name: 'nuc-1', user: 'admin', password: 'homelab' },
];

/** The window and the desktop around it, and how a step of the story is told. */
export function story() {
  // Practice keeps its state; that of whoever runs the tests is left alone.
  const folder = mkdtempSync(join(tmpdir(), 'portico-window-'));
  const open = () => Window.open(['--practice', '--data', folder]);
  let broken = false;
  const told = {
    window: null,
    notifications: null,
    /** The window ends, whatever is at work, and is opened anew on the same homelab. */
    async reopen() {
      await told.window.close();
      told.window = await open();
    },
    /** None is tried after one that failed. */
    step(name, act) {
      test(name, { timeout: 280_000 }, async () => {
        assert.ok(!broken, 'an earlier step failed');
        broken = true;
        try {
          await act();
        } catch (problem) {
          await told.window.picture('failure');
          throw problem;
        }
        broken = false;
      });
    },
  };
  before(async () => {
    told.notifications = await Notifications.open();
    told.window = await open();
  });
  after(async () => {
    await told.window?.close();
    told.notifications?.close();
    rmSync(folder, { recursive: true, force: true });
  });
  return told;
}
