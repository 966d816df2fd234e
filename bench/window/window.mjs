// The released window beside an empty one: how soon it can be used, what memory it takes, and how smoothly it draws.
// `node window.mjs [--seconds N]` under Xvfb, see run. Portico's pages, door and shell are the real ones over answers that are
// written here (examples/told.rs), so that the same homelab is shown in each round.
//
// TAURI_DRIVER   path of tauri-driver
// PORTICO_BENCH  folder of the release build
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';

const at = process.argv.indexOf('--seconds');
const SECONDS = at < 0 ? 300 : Number(process.argv[at + 1]);
const ROUNDS = 5;
const ui = fileURLToPath(new URL('../../ui', import.meta.url));
const tests = createRequire(new URL('../../tests/window/package.json', import.meta.url));
const { Builder, Capabilities } = tests('selenium-webdriver');
const release = process.env.PORTICO_BENCH;
const example = (name) => join(release, 'examples', name);

/** What the backend would answer about an invented homelab of this size, and two pictures that are told in turn. */
async function answers(services, machines) {
  const { runnerImport } = await import(pathToFileURL(createRequire(join(ui, 'package.json')).resolve('vite')).href);
  const { module } = await runnerImport(join(ui, 'tests/fixture/scenes.ts'), { root: ui, logLevel: 'error' });
  const lab = module.crowded({ services, machines, namespaces: 12 });
  const folder = mkdtempSync(join(tmpdir(), 'portico-window-'));
  mkdirSync(join(folder, 'flow'));
  const write = (name, value) => writeFileSync(join(folder, `${name}.json`), JSON.stringify(value ?? null));
  for (const name of ['status', 'flow', 'services', 'conditions', 'runs', 'machines', 'interfaces', 'stack', 'names'])
    await lab.call(name, {}).then(
      (answer) => write(name, answer),
      () => undefined,
    );
  write('speak', null);
  const flow = await lab.call('flow', {});
  for (const round of [0, 1, 2, 3]) {
    const hops = flow.hops.map((hop, index) =>
      index % 40 === round * 10 && hop.column === 'service' ? { ...hop, health: 'degraded' } : hop,
    );
    write(`flow/${round}`, { ...flow, hops });
  }
  return folder;
}

/** The processes that a process started, and itself. */
function tree(root) {
  const parents = new Map();
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name)))
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
      parents.set(Number(pid), Number(stat.slice(stat.lastIndexOf(')') + 4).split(' ')[0]));
    } catch {
      // It has ended meanwhile.
    }
  const all = [root];
  for (const pid of all) for (const [child, parent] of parents) if (parent === pid) all.push(child);
  return all;
}
/** The program that a process runs; nothing once it has ended. */
function commandOf(pid) {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')[0];
  } catch {
    return undefined;
  }
}
/** Memory of the process and all that it started, WebKit's included, in MB: what is shared is counted in parts. */
function memory(root) {
  let kilobytes = 0;
  for (const pid of tree(root))
    try {
      kilobytes += Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1] ?? 0);
    } catch {
      // It has ended meanwhile.
    }
  return kilobytes / 1024;
}

let port = 4500;
/** A window under WebDriver. */
async function open(application, args, act) {
  port += 2;
  const server = spawn(process.env.TAURI_DRIVER, ['--port', String(port), '--native-port', String(port + 1)], {
    stdio: ['ignore', 'ignore', 'inherit'],
    detached: true,
  });
  const capabilities = new Capabilities();
  capabilities.setBrowserName('wry');
  capabilities.set('tauri:options', { application, args });
  try {
    for (let tries = 0; ; tries += 1) {
      await sleep(200);
      const start = Date.now();
      let driver;
      try {
        driver = await new Builder().usingServer(`http://127.0.0.1:${port}/`).withCapabilities(capabilities).build();
      } catch (error) {
        if (tries === 20 || !/ECONNREFUSED|socket hang up/.test(String(error))) throw error;
        continue;
      }
      try {
        const app = tree(server.pid).find((pid) => commandOf(pid) === application);
        return await act(driver, app, start);
      } finally {
        await driver.quit().catch(() => undefined);
      }
    }
  } finally {
    process.kill(-server.pid);
  }
}

const until = async (driver, script, seconds = 120) => {
  const end = Date.now() + seconds * 1000;
  while (!(await driver.executeScript(script))) {
    if (Date.now() > end) throw new Error(`${script} did not come about`);
    await sleep(10);
  }
};
/** When the process began, by the machine's own clock, unix ms. */
function begun(pid) {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const ticks = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]);
  const boot = Number(/^btime (\d+)/m.exec(readFileSync('/proc/stat', 'utf8'))[1]);
  // A boot is told in whole seconds; the uptime is finer.
  const up = Number(readFileSync('/proc/uptime', 'utf8').split(' ')[0]);
  const exact = Date.now() - up * 1000;
  return (Math.abs(exact - boot * 1000) < 2000 ? exact : boot * 1000) + ticks * 10;
}
const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];

const row = (what, value, goal = '') => console.log(`| ${what} | ${value} | ${goal} |`);
const folder = await answers(60, 5);
const large = await answers(200, 20);
try {
  console.log('| what | measured | goal |\n|---|---|---|');
  const times = { empty: [], portico: [] };
  const idle = { empty: [], portico: [] };
  // When what the page is for is painted, counted from the process' own start.
  const painted = (selector) => `
    if (!document.querySelector(${JSON.stringify(selector)})) return null;
    return performance.timeOrigin + performance.now();`;
  for (let round = 0; round < ROUNDS; round += 1)
    for (const [name, application, args, selector] of [
      ['empty', example('empty'), [], 'h1'],
      ['portico', example('told'), [folder, '0'], '[data-hop]'],
    ])
      await open(application, args, async (driver, pid) => {
        await until(driver, `return document.querySelector(${JSON.stringify(selector)}) !== null`);
        const seen = await driver.executeScript(painted(selector));
        times[name].push(seen - begun(pid));
        await sleep(3000);
        idle[name].push(memory(pid));
      });
  const ms = (list) => `${median(list).toFixed(0)} ms (${Math.min(...list).toFixed(0)}..${Math.max(...list).toFixed(0)})`;
  const mb = (list) => `${median(list).toFixed(1)} MB (${Math.min(...list).toFixed(1)}..${Math.max(...list).toFixed(1)})`;
  row('an empty window, started to its heading', ms(times.empty));
  row('Portico with 60 services, started to the diagram', ms(times.portico));
  row('more than the empty one', `${(median(times.portico) - median(times.empty)).toFixed(0)} ms`, 'at most 100 ms');
  row('an empty window at idle, PSS of all its processes', mb(idle.empty));
  row('Portico at idle with the diagram open', mb(idle.portico));
  row('more than the empty one', `${(median(idle.portico) - median(idle.empty)).toFixed(1)} MB`, 'at most 60 MB');

  await open(example('told'), [large, '10'], async (driver) => {
    await until(driver, `return document.querySelector('[data-hop]') !== null`);
    await driver.manage().setTimeouts({ script: 120_000 });
    const frames = await driver.executeAsyncScript((done) => {
      const times = [];
      const end = performance.now() + 15_000;
      const frame = (now) => {
        times.push(now);
        if (now < end) requestAnimationFrame(frame);
        else done(times.slice(1).map((time, index) => time - times[index]));
      };
      requestAnimationFrame(frame);
    });
    const sorted = frames.toSorted((a, b) => a - b);
    row(
      '200 services on 20 machines, 10 updates a second',
      `${((1000 * frames.length) / frames.reduce((sum, one) => sum + one, 0)).toFixed(0)} frames a second, p95 ${sorted[Math.floor(sorted.length * 0.95)].toFixed(0)} ms`,
      'at least 30 a second',
    );
  });

  await open(example('told'), [folder, '100'], async (driver, pid) => {
    await until(driver, `return document.querySelector('[data-hop]') !== null`);
    // What the first minute takes is what the window grows to, not what it leaks.
    await sleep(Math.min(60, SECONDS / 3) * 1000);
    // Memory rises until the next collection. What grows is what it falls back to.
    const samples = [];
    for (const end = Date.now() + SECONDS * 1000; Date.now() < end; await sleep(1000)) samples.push(memory(pid));
    const third = Math.ceil(samples.length / 3);
    const [from, to] = [samples.slice(0, third), samples.slice(-third)].map((part) => Math.min(...part));
    row(
      `growth over ${SECONDS} s at 100 updates a second: the least of the first third, and of the last`,
      `${from.toFixed(0)} MB, ${to.toFixed(0)} MB (at most ${Math.max(...samples).toFixed(0)} MB meanwhile)`,
      'at most 2 MB more in an hour',
    );
  });
} finally {
  for (const each of [folder, large]) rmSync(each, { recursive: true, force: true });
}
