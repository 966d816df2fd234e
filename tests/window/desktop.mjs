// What is around the window and WebDriver does not see: its frame, the tray, and the desktop's notifications.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';

/** `close` and `state` of the window, `tray` with an entry of the menu. */
export const desktop = (act, what = 'Portico') =>
  execFileSync('python3', ['tests/window/desktop.py', act, what], { encoding: 'utf8' }).trim();

/** Waits until the window is `visible` or `hidden`. */
export async function becomes(state) {
  const until = Date.now() + 10_000;
  while (desktop('state') !== state) {
    assert.ok(Date.now() < until, `the window is not ${state}`);
    await sleep(100);
  }
}

/** The desktop's notification service, and what it was told. */
export class Notifications {
  static async open() {
    const service = new Notifications();
    // The system's own interpreter: the bindings are a package of the system.
    service.process = spawn('/usr/bin/python3', ['tests/window/notifications.py'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    service.told = [];
    const lines = createInterface(service.process.stdout);
    const ready = new Promise((resolve, reject) => {
      service.process.once('exit', () => reject(new Error('there is no notification service')));
      lines.on('line', (line) => {
        const said = JSON.parse(line);
        if (said.ready) resolve();
        else service.told.push(said);
      });
    });
    await ready;
    return service;
  }

  close() {
    this.process.kill();
  }

  /** Waits for one with this title, and returns it; those before it are forgotten. */
  async tells(title, within = 40_000) {
    const until = Date.now() + within;
    for (;;) {
      const at = this.told.findIndex((said) => title.test(said.title));
      if (at >= 0) return this.told.splice(0, at + 1).at(-1);
      assert.ok(Date.now() < until, `nothing was told of ${title}, but ${JSON.stringify(this.told)}`);
      await sleep(100);
    }
  }
}
