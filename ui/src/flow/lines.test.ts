import { expect, it } from 'vitest';
import { crowd } from '../../tests/fixture/crowd';
import { graph, machineAway } from '../../tests/fixture/graph';
import type { FlowGraph } from '../api/types';
import { fold, worst } from './fold';
import { layout } from './layout';
import { alike, curve, drawLines, isWritten } from './lines';

function drawn(flow: FlowGraph, lit: ReadonlySet<string> = new Set()) {
  const picture = fold(flow, () => false);
  const places = layout(picture, { width: 1200, height: 700 });
  const items = new Map(picture.items.map((item) => [item.id, item]));
  const lines = drawLines(
    places.lines,
    picture.edges,
    places.spots,
    (id) => items.get(id),
    (id) => lit.has(id),
  );
  return { picture, places, lines };
}

it('stays between its ends, as a curve whose handles are in the middle does', () =>
  expect(curve({ start: { x: 10, y: 0 }, end: { x: 30, y: 90 } })).toBe('M10 0C20 0 20 90 30 90'));

it('lets all names meet before all workers: a line each instead of one for each pair', () => {
  const { places } = drawn(crowd(1, { services: 200, machines: 20, namespaces: 10 }));
  expect(places.joints).toHaveLength(1);
  expect(places.lines.length).toBeLessThan(1400);
});

it('hides no worse edge where lines meet', () => {
  for (let seed = 1; seed < 12; seed += 1) {
    const { picture, lines } = drawn(crowd(seed, { services: 60, machines: 8, namespaces: 60 }));
    for (const edge of picture.edges) {
      const through = lines.filter(({ line }) => line.edges.includes(picture.edges.indexOf(edge)));
      expect(worst(through.map((line) => line.health)), `${seed} ${edge.from} ${edge.to}`).toBe(edge.health);
    }
  }
});

it('draws an edge that is worse than both of its ends by itself', () => {
  const flow = graph(0);
  const edges = flow.edges.map((edge) =>
    edge.from === 'name/echo' && edge.to === 'way-in/pi-2' ? { ...edge, health: 'down' as const } : edge,
  );
  const before = drawn(flow).lines;
  const after = drawn({ ...flow, edges }).lines;
  expect(after).toHaveLength(before.length + 1);
  expect(after.at(-1)).toMatchObject({ line: { id: 'name/echo>way-in/pi-2' }, health: 'down', quiet: false });
});

it('lights the selected path alone', () => {
  const flow = graph(0);
  const path = flow.paths.find(({ service }) => service === 'echo');
  const lit = drawn(flow, new Set(path?.hops)).lines.filter((line) => line.lit);
  // To its name, to the joint, on to three workers and from each to the ingress, to the certificate, the service, its
  // pods, its machine.
  expect(lit).toHaveLength(1 + 1 + 3 + 3 + 1 + 1 + 1 + 1);
});

it('keeps quiet about a service of which every machine is down', () => {
  const flow = graph(0);
  const { picture, lines } = drawn(machineAway(flow));
  expect(picture.items.filter((item) => item.quiet).map(({ id }) => id)).toEqual([
    'services/apps',
    'service/wiki',
    'pods/apps/wiki',
  ]);
  expect(lines.find(({ line }) => line.id === 'certificate/apps/wiki-tls>service/wiki')).toMatchObject({
    health: 'down',
    quiet: true,
  });
  expect(
    drawn(flow)
      .picture.items.filter((item) => item.quiet)
      .map(({ id }) => id),
  ).toEqual(['services/apps', 'service/wiki']);
});

it('draws lines that look alike as one, the worst on top', () => {
  const { lines } = drawn(graph(0));
  const drawings = alike(lines);
  expect(drawings.map(([look]) => look)).toEqual(['up', 'unknown', 'degraded', 'down quiet', 'down']);
  const curves = lines.map(({ line }) => curve(line));
  for (const one of curves) expect(drawings.filter(([, d]) => d.includes(one))).toHaveLength(1);
  expect(drawings.map(([, d]) => d).join('')).toHaveLength(curves.join('').length);
});

it('keeps quiet below the hop that is down', () => {
  const { lines } = drawn(graph(0));
  const of = (id: string) => lines.find(({ line }) => line.id === id);
  expect(of('service/wiki>pods/apps/wiki')).toMatchObject({ health: 'down', quiet: false });
  expect(of('pods/apps/wiki>node/nuc-1')).toMatchObject({ health: 'down', quiet: true });
});

it('keeps quiet about a hop of no service, too', () => {
  const flow = graph(0);
  const hops = flow.hops.map((hop) =>
    hop.id === 'internet'
      ? { ...hop, health: 'down' as const }
      : hop.id === 'cloudflared'
        ? { ...hop, health: 'down' as const, because: 'internet' }
        : hop,
  );
  const { picture } = drawn({ ...flow, hops });
  const quiet = picture.items.filter((item) => item.quiet).map(({ id }) => id);
  expect(quiet).toContain('cloudflared');
  expect(quiet).not.toContain('internet');
});

it('writes rates where lines end by themselves, and of idle services only when they are lit', () => {
  const long = { id: 'a', start: { x: 0, y: 0 }, end: { x: 60, y: 9 }, edges: [], own: 0 };
  const short = { ...long, end: { x: 12, y: 0 } };
  const upright = { ...long, end: { x: 0, y: 20 } };
  expect([isWritten(long, false, 4), isWritten(long, false, 0), isWritten(long, true, 0)]).toEqual([
    true,
    false,
    true,
  ]);
  expect([isWritten(short, true, 4), isWritten(upright, false, 4)]).toEqual([false, true]);
});

it('draws a line down a column straight, and past badges on the line of its end', () => {
  expect(curve({ start: { x: 5, y: 0 }, end: { x: 5, y: 20 } })).toBe('M5 0V20');
  expect(curve({ start: { x: 0, y: 0 }, end: { x: 50, y: 40 }, bent: 20 })).toBe('M0 0C10 0 10 40 20 40H50');
});
