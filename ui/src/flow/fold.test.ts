import { describe, expect, it } from 'vitest';
import { crowd } from '../../tests/fixture/crowd';
import { graph } from '../../tests/fixture/graph';
import type { FlowGraph } from '../api/types';
import { fold, litItems, worst } from './fold';
import { spoken, written } from './hops';

const flow = graph(0);
const closed = fold(flow, () => true);
const open = fold(flow, () => false);

describe('a folded namespace', () => {
  const box = closed.items.find(({ id }) => id === 'services/apps');

  it('stands for its services and names, as bad as its worst one, and counts them', () => {
    expect(box).toMatchObject({ label: 'apps', health: 'down', group: { count: 7, open: false } });
    expect(box?.group?.healths).toEqual({ up: 4, degraded: 1, unknown: 1, down: 1 });
    expect(closed.items.filter(({ column }) => column === 'name').map(({ id }) => id)).toEqual([
      'names/apps',
    ]);
    expect(closed.drawnAs.get('service/wiki')).toBe('services/apps');
    expect(closed.drawnAs.get('name/wiki')).toBe('names/apps');
    expect(closed.drawnAs.get('certificate/apps/wiki-tls')).toBe('certificates/apps');
    expect(closed.drawnAs.get('pods/apps/wiki')).toBe('podss/apps');
  });

  it('says so in words', () => {
    expect(box && written(box)).toMatchObject({ detail: '1 down, 1 unknown, 1 degraded' });
    expect(box && spoken(box)).toContain('7 services');
  });

  it('has one line where its members had many, as bad as the worst', () => {
    const into = closed.edges.filter((edge) => edge.to === 'services/apps');
    expect(into.map(({ from, health }) => `${from} ${health}`)).toEqual(['certificates/apps down']);
    const certificates = closed.edges.find((edge) => edge.to === 'certificates/apps');
    expect(certificates).toMatchObject({ from: 'ingress', latencyMs: null });
    expect(certificates?.rate?.perSecond).toBeCloseTo(16.95);
    expect(closed.edges.find((edge) => edge.to === 'edge')?.latencyMs).toBe(24);
  });
});

it('an open namespace has its heading above its services, and the hops and edges of the graph', () => {
  const column = open.items.filter((item) => item.column === 'service').map(({ id }) => id);
  expect(column[0]).toBe('services/apps');
  expect(open.items).toHaveLength(flow.hops.length + 1);
  expect(open.edges).toHaveLength(flow.edges.length);
});

it('a namespace of one service has neither heading nor fold', () => {
  const path = flow.paths[0];
  const one: FlowGraph = { ...flow, paths: path ? [path] : [] };
  expect(fold(one, () => true).foldable).toEqual([]);
});

it('lights the box that stands for a lit hop, and the heading above one', () => {
  expect(litItems(closed, flow, new Set(['service/wiki', 'ingress']))).toEqual(
    new Set(['certificates/apps', 'services/apps', 'ingress']),
  );
  expect(litItems(open, flow, new Set(['service/wiki']))).toEqual(new Set(['service/wiki', 'services/apps']));
});

it('hides nothing: every hop is in a box that is no better than it', () => {
  const order = ['up', 'degraded', 'unknown', 'down'];
  for (let seed = 1; seed < 20; seed += 1) {
    const large = crowd(seed, { services: 120, machines: 9, namespaces: 7 });
    const picture = fold(large, (namespace) => namespace.length % 2 === 0);
    const items = new Map(picture.items.map((item) => [item.id, item]));
    for (const hop of large.hops) {
      const shown = items.get(picture.drawnAs.get(hop.id) ?? '');
      expect(order.indexOf(shown?.health ?? ''), hop.id).toBeGreaterThanOrEqual(order.indexOf(hop.health));
    }
    const counted = picture.items.filter((item) => item.column === 'service' && item.group);
    const groups = counted.reduce((sum, { group }) => sum + (group?.count ?? 0), 0);
    expect(groups).toBe(120);
  }
});

it('the worst of nothing is no trouble', () => expect(worst([])).toBe('up'));
