// The diagram's layout beside those that other windows use, on the same invented homelab, in Node.
// `node bench/window/layout.mjs [ROUNDS] [--alone]`; prints a table, with `--alone` without the peers. Each time is one whole
// call on a picture that was parsed anew, as it comes from an event; peers get the boxes' sizes and one point where all names
// meet, which spares them most of the lines.
import dagre from '@dagrejs/dagre';
import ELK from 'elkjs';
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

const words = process.argv.slice(2);
const rounds = Number(words.find((word) => /^\d+$/.test(word)) ?? 30);
const alone = words.includes('--alone');
const area = { width: 1200, height: 700 };
const ui = fileURLToPath(new URL('../../ui', import.meta.url));

/** The window's own code, compiled as it is shipped. */
async function product() {
  const { build } = await import(pathToFileURL(createRequire(join(ui, 'package.json')).resolve('vite')).href);
  const folder = mkdtempSync(join(tmpdir(), 'portico-bench-'));
  await build({
    root: ui,
    configFile: false,
    logLevel: 'error',
    build: {
      ssr: fileURLToPath(new URL('product.ts', import.meta.url)),
      outDir: folder,
      minify: true,
      rollupOptions: { output: { entryFileNames: 'product.mjs' } },
    },
  });
  try {
    return await import(pathToFileURL(join(folder, 'product.mjs')).href);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const { crowd, fold, Layouter } = await product();
/** As it comes from an event: nothing of it is shared with the last one. */
const anew = (value) => JSON.parse(JSON.stringify(value));
const unfolded = (flow) => fold(anew(flow), () => false);
const ms = (value) => (value < 10 ? value.toFixed(2) : value < 100 ? value.toFixed(1) : value.toFixed(0));

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc');

function measured(times) {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
  return { least: sorted[0], median: at(0.5), p95: at(0.95) };
}
async function timed(count, prepare, act) {
  const times = [];
  for (let round = 0; round < count; round += 1) {
    const given = prepare(round);
    // What parsing has left behind is not cleared away on the layout's time.
    collect({ type: 'minor' });
    const start = performance.now();
    await act(given);
    times.push(performance.now() - start);
  }
  return measured(times);
}

function row(what, { least, median, p95 }, goal = '', met = true) {
  console.log(`| ${what} | ${ms(least)} | ${ms(median)} | ${ms(p95)} | ${goal} |`);
  if (!met) process.exitCode = 1;
}

/** A homelab of so many boxes. */
function sized(boxes, machines, namespaces) {
  let services = Math.round(boxes / 3.8);
  for (;;) {
    const flow = crowd(7, { services, machines, namespaces });
    const { length } = unfolded(flow).items;
    if (length <= boxes) return { flow, services, boxes: length };
    services -= Math.ceil((length - boxes) / 4);
  }
}

/** The same without every `n`th service: what 1 % coming and going is. */
function without(flow, every) {
  const gone = new Set(
    flow.paths
      .filter((_, index) => index % every === every - 1)
      .flatMap(({ hops }) => hops.filter((id) => /^(name|service|certificate|pods)\//.test(id))),
  );
  return {
    ...flow,
    hops: flow.hops.filter(({ id }) => !gone.has(id)),
    edges: flow.edges.filter(({ from, to }) => !gone.has(from) && !gone.has(to)),
    paths: flow.paths.filter((_, index) => index % every !== every - 1),
  };
}
const sick = (flow, round) => ({
  ...flow,
  hops: flow.hops.map((hop, index) => (index % 100 === round % 100 ? { ...hop, health: 'down' } : hop)),
});

/** What the peers are given: boxes with sizes, and names that meet in one point before the workers. */
function given(picture) {
  const { spots } = new Layouter().layout(picture, area);
  const nodes = picture.items.map(({ id }) => ({ id, width: spots.get(id).width, height: spots.get(id).height }));
  const ends = new Set();
  for (const { from, to } of picture.edges) {
    if (!to.startsWith('way-in/')) ends.add(`${from}\n${to}`);
    else ends.add(`${from}\n*`).add(`*\n${to}`);
  }
  const edges = [...ends].map((text) => text.split('\n')).map(([from, to]) => ({ from, to }));
  return { nodes: [...nodes, { id: '*', width: 1, height: 1 }], edges };
}
function byDagre({ nodes, edges }) {
  const graph = new dagre.graphlib.Graph();
  graph.setGraph({ rankdir: 'LR' });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const { id, ...size } of nodes) graph.setNode(id, size);
  for (const { from, to } of edges) graph.setEdge(from, to);
  dagre.layout(graph);
}
const elk = new ELK();
const byElk = ({ nodes, edges }) =>
  elk.layout({
    id: 'all',
    layoutOptions: { 'elk.algorithm': 'layered', 'elk.direction': 'RIGHT' },
    children: nodes,
    edges: edges.map(({ from, to }, index) => ({ id: String(index), sources: [from], targets: [to] })),
  });

const large = sized(5000, 20, 20);
const fewer = without(large.flow, 100);
const middle = sized(2000, 20, 20);
const home = { flow: crowd(7, { services: 200, machines: 20, namespaces: 10 }) };

console.log(`${large.services} services, ${large.boxes} boxes, ${unfolded(large.flow).edges.length} lines\n`);
console.log('| what | least ms | median | p95 | goal |\n|---|---|---|---|---|');
const warm = unfolded(large.flow);
for (let round = 0; round < 20; round += 1) new Layouter().layout(warm, area);
const whole = await timed(
  rounds,
  () => unfolded(large.flow),
  (picture) => new Layouter().layout(picture, area),
);
row(`**Portico**, ${large.boxes} boxes`, whole, 'at most 30', whole.median <= 30);

const kept = new Layouter();
const both = [large.flow, fewer];
for (let round = 0; round < 40; round += 1) kept.layout(unfolded(both[round % 2]), area);
const change = await timed(
  rounds,
  (round) => unfolded(both[round % 2]),
  (picture) => kept.layout(picture, area),
);
row('**Portico**, 1 % of the services comes or goes', change, 'at most 2', change.median <= 2);

const still = kept.layout(unfolded(both[0]), area);
let moved = 0;
const status = await timed(
  rounds,
  (round) => unfolded(sick(large.flow, round)),
  (picture) => (moved += kept.layout(picture, area) === still ? 0 : 1),
);
row('**Portico**, the health of 1 % changes', status, 'at most 2', status.median <= 2);

const small = unfolded(home.flow);
const usual = await timed(
  rounds,
  () => unfolded(home.flow),
  (picture) => new Layouter().layout(picture, area),
);
row(`**Portico**, 200 services on 20 machines, ${small.items.length} boxes`, usual);

if (!alone) {
  const peers = given(warm);
  const peersMiddle = given(unfolded(middle.flow));
  const few = Math.max(1, Math.min(3, rounds));
  row(`ELK layered, ${large.boxes} boxes`, await timed(few, () => anew(peers), byElk));
  row(`dagre, ${middle.boxes} boxes`, await timed(few, () => anew(peersMiddle), byDagre));
  row(`dagre, ${large.boxes} boxes`, await timed(1, () => anew(peers), byDagre));
}
console.log(`\nLayouts that differ after a change of health alone: ${moved} (wanted: 0)`);
if (moved > 0) process.exitCode = 1;
