// The built app under WebDriver, used as a person would: everything is found by role and label.
//
// TAURI_DRIVER         path of tauri-driver
// PORTICO_APP          path of portico-desktop
// PORTICO_SCREENSHOTS  a folder for pictures; without it none are kept
//
// WebDriver knows no roles, so Testing Library's queries run inside the page; clicks and keys are WebDriver's
// own, through the window. Deliberately not here: any step of a story.
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Builder, Capabilities, Key, Select, error } from 'selenium-webdriver';

const require = createRequire(import.meta.url);
const queries = readFileSync(require.resolve('@testing-library/dom/dist/@testing-library/dom.umd.min.js'), 'utf8');
const axe = readFileSync(
  createRequire(new URL('../../ui/package.json', import.meta.url)).resolve('axe-core/axe.min.js'),
  'utf8',
);
const pictures = process.env.PORTICO_SCREENSHOTS;

function needed(name) {
  const value = process.env[name];
  if (!value) throw new Error(`${name} has to be set, see tests/window/driver.mjs`);
  return value;
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

const wire = (text) => (text instanceof RegExp ? { source: text.source, flags: text.flags } : text);

/** Runs in the page: all elements of a role (or with a label), seen by assistive technology, in a scope. */
function find(steps) {
  const { queryAllByRole, queryAllByLabelText } = globalThis.TestingLibraryDom;
  const text = (value) => (value?.source ? new RegExp(value.source, value.flags) : value);
  let scopes = [document.body];
  for (const { role, name, label, ...state } of steps) {
    scopes = scopes.flatMap((scope) =>
      label
        ? queryAllByLabelText(scope, text(label), { selector: 'input:not([type=radio]), select, textarea' })
        : queryAllByRole(scope, role, { ...state, ...(name ? { name: text(name) } : {}) }),
    );
  }
  return scopes;
}

/** `state`: what Testing Library knows besides, as `{ checked: true }`. */
export const role = (name, label, state = {}) => ({ role: name, name: wire(label), ...state });
export const label = (text) => ({ label: wire(text) });
export { Key };

/**
 * Ends the driver and whoever it started. Killed alone, it may take the native driver with it before that one has ended the
 * app, which then stays for ever and holds the output of these tests open.
 */
const end = (server) => process.kill(-server.pid);

/** No session within this is none: the native driver chooses a port for the app to be steered by, and waits for ever when
 * another story has taken it meanwhile. */
const SESSION_MS = 60_000;
class NoSession extends Error {}

/** A started app. */
export class Window {
  static async open(args) {
    for (let tries = 1; ; tries++)
      try {
        return await Window.#start(args);
      } catch (problem) {
        if (tries === 3 || !(problem instanceof NoSession)) throw problem;
      }
  }

  static async #start(args) {
    const [port, native] = [await freePort(), await freePort()];
    const server = spawn(needed('TAURI_DRIVER'), ['--port', String(port), '--native-port', String(native)], {
      stdio: ['ignore', 'inherit', 'inherit'],
      // A group of its own, with the native driver and the app in it.
      detached: true,
    });
    const capabilities = new Capabilities();
    capabilities.setBrowserName('wry');
    capabilities.set('tauri:options', { application: needed('PORTICO_APP'), args });
    const build = async () => {
      const built = new Builder().usingServer(`http://127.0.0.1:${port}/`).withCapabilities(capabilities).build();
      const driver = await Promise.race([built, sleep(SESSION_MS, null, { ref: false })]);
      if (driver) return driver;
      built.catch(() => undefined);
      throw new NoSession('the app started no session');
    };
    const window = new Window();
    window.server = server;
    for (let attempt = 1; ; attempt++) {
      try {
        window.driver = await build();
        break;
      } catch (refused) {
        // The driver needs a moment before it listens, and the native one behind it another.
        if (attempt === 50 || !/ECONNREFUSED|ECONNRESET|socket hang up/.test(String(refused))) {
          end(server);
          throw refused;
        }
        await sleep(100);
      }
    }
    await window.#prepare();
    return window;
  }

  /** Waits until the page has begun anew, as it does when another world is opened. */
  async begunAnew() {
    const until = Date.now() + 30_000;
    while (await this.driver.executeScript(() => 'TestingLibraryDom' in globalThis).catch(() => true)) {
      if (Date.now() > until) throw await this.#lost([], 'The page did not begin anew');
      await sleep(100);
    }
    await this.#prepare();
  }

  async #prepare() {
    await this.driver.executeScript(`${queries};globalThis.TestingLibraryDom = globalThis.TestingLibraryDom ?? TestingLibraryDom;`);
    await this.driver.executeScript(() => {
      globalThis.complaints = [];
      const complain = (text) => globalThis.complaints.push(text);
      document.addEventListener('securitypolicyviolation', (event) =>
        complain(`blocked by the content security policy: ${event.violatedDirective} ${event.blockedURI}`),
      );
      // By that a browser says that it goes on measuring in the next frame; nothing has failed.
      const isPutOff = (text) => text.startsWith('ResizeObserver loop');
      addEventListener('error', ({ message }) => isPutOff(message) || complain(message));
      addEventListener('unhandledrejection', (event) => complain(String(event.reason)));
    });
  }

  async close() {
    await this.driver?.quit();
    end(this.server);
  }

  all(...steps) {
    return this.driver.executeScript(find, steps);
  }

  /** Waits for one element and returns it. */
  async see(...steps) {
    const timeout = typeof steps.at(-1) === 'number' ? steps.pop() : 20_000;
    const until = Date.now() + timeout;
    for (;;) {
      const [first] = await this.all(...steps);
      if (first) return first;
      if (Date.now() > until) throw await this.#lost(steps, 'did not appear');
      await sleep(100);
    }
  }

  async #lost(steps, what) {
    const said = await this.driver.executeScript(() => document.body.innerText);
    return new Error(`${JSON.stringify(steps)} ${what}. The page says:\n${said}`);
  }

  /** Waits until the page says something, and returns what matched. */
  async says(pattern, timeout = 60_000) {
    const until = Date.now() + timeout;
    for (;;) {
      const said = await this.driver.executeScript(() => document.querySelector('main').innerText);
      const found = pattern.exec(said);
      if (found) return found;
      if (Date.now() > until) throw new Error(`${pattern} was not said. The page says:\n${said}`);
      await sleep(100);
    }
  }

  async gone(...steps) {
    const until = Date.now() + 30_000;
    while ((await this.all(...steps)).length > 0) {
      if (Date.now() > until) throw await this.#lost(steps, 'did not go away');
      await sleep(100);
    }
  }

  /** Waits for one that can be clicked: a button that is still at work is none. */
  async ready(steps) {
    const until = Date.now() + 30_000;
    for (;;) {
      const element = await this.see(...steps);
      if (await this.driver.executeScript((each) => !each.disabled, element)) return element;
      if (Date.now() > until) throw await this.#lost(steps, 'stayed disabled');
      await sleep(100);
    }
  }

  /** Presses keys, wherever the focus is. */
  keys(...pressed) {
    return this.driver.actions().sendKeys(...pressed).perform();
  }

  /** Goes on Tab by Tab until the focus is there, as somebody without a mouse does. */
  async reach(...steps) {
    await this.ready(steps);
    const isThere = () =>
      this.driver.executeScript(`return (${find})(arguments[0]).includes(document.activeElement)`, steps);
    for (let tries = 0; !(await isThere()); tries++) {
      if (tries === 150) throw await this.#lost(steps, 'cannot be reached by Tab');
      await this.keys(Key.TAB);
    }
  }

  async press(...steps) {
    await this.reach(...steps);
    await this.keys(Key.ENTER);
  }

  /** Clicks with the mouse; a hidden radio button or checkbox by the label around it. */
  async click(...steps) {
    for (let attempt = 1; ; attempt++) {
      const element = await this.ready(steps);
      try {
        const target = await this.driver.executeScript((each) => {
          const seen = each.matches('.visually-hidden') ? (each.closest('label') ?? each) : each;
          seen.scrollIntoView({ block: 'nearest', inline: 'nearest' });
          return seen;
        }, element);
        return await target.click();
      } catch (problem) {
        // The page drew itself anew between the look and the click.
        if (!(problem instanceof error.StaleElementReferenceError) || attempt === 5) throw problem;
      }
    }
  }

  async type(text, ...steps) {
    const element = await this.see(...steps);
    await element.click();
    // What the field holds is replaced by what is typed.
    await this.driver.executeScript((each) => each.select(), element);
    await element.sendKeys(text);
  }

  /** Picks an entry of a list by its words. */
  async choose(words, ...steps) {
    await new Select(await this.see(...steps)).selectByVisibleText(words);
  }

  go(page) {
    return this.click(role('navigation'), role('link', new RegExp(`^${page}`)));
  }

  /** Shows a page by its address. */
  open(address) {
    return this.driver.executeScript((hash) => void (location.hash = hash), `#/${address}`);
  }

  /** Transitions end now: halfway, colours are none of either theme. */
  #still() {
    return this.driver.executeScript(() => {
      for (const each of document.getAnimations())
        if (Number.isFinite(Number(each.effect?.getComputedTiming().endTime))) each.finish();
    });
  }

  /** Zero violations, contrast included. */
  async accessible(where) {
    await this.#still();
    await this.driver.executeScript(`if (!globalThis.axe) { ${axe};globalThis.axe = axe; }`);
    const violations = await this.driver.executeAsyncScript((done) => {
      globalThis.axe.run(document).then(({ violations }) =>
        done(violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target).join(', ')}`)),
      );
    });
    if (violations.length > 0) throw new Error(`${where}: ${violations.join('\n')}`);
  }

  text(element) {
    return this.driver.executeScript((each) => each.textContent, element);
  }

  complaints() {
    return this.driver.executeScript(() => globalThis.complaints);
  }

  async picture(name) {
    if (!pictures) return;
    mkdirSync(pictures, { recursive: true });
    // From the top, so that the picture is the same each time.
    await this.driver.executeScript(() => document.querySelector('main .body')?.scrollTo(0, 0));
    await this.#still();
    // What was changed last is drawn first; and a page that stands still gives no picture until it draws again.
    const drawn = () =>
      this.driver.executeAsyncScript((done) => {
        document.documentElement.style.outlineOffset = `${Date.now() % 2}px`;
        requestAnimationFrame(() => requestAnimationFrame(() => done()));
      });
    await drawn();
    const taken = this.driver.takeScreenshot();
    while ((await Promise.race([taken, sleep(250, 'not yet')])) === 'not yet') await drawn();
    writeFileSync(join(pictures, `${name}.png`), await taken, 'base64');
  }
}
