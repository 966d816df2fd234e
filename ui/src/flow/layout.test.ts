import { describe, expect, it } from 'vitest';
import { graph } from '../../tests/fixture/graph';
import { apart, columns, fit, layout, neighbour, node } from './layout';

const area = { width: 1200, height: 700 };

describe('layout', () => {
  it('puts each hop into the column of its kind', () => {
    const flow = graph(0);
    const places = layout(flow, area);
    for (const hop of flow.hops) {
      const head = places.heads.find((other) => other.column === hop.column);
      expect(places.spots.get(hop.id)?.x, hop.id).toBe(head?.x);
    }
    expect(places.heads.map((head) => head.column)).toEqual(columns);
  });

  it('moves nothing when only the state of hops changes', () => {
    const before = graph(0);
    const after = {
      ...before,
      hops: before.hops.map((hop) => ({ ...hop, health: 'unknown' as const, detail: 'x' })),
    };
    expect(layout(after, area)).toEqual(layout(before, area));
  });

  it('never lets two hops of a column overlap, nor reach above the headings', () => {
    const flow = graph(0);
    const { spots } = layout(flow, { width: 300, height: 100 });
    for (const column of columns) {
      const rows = flow.hops.filter((hop) => hop.column === column).map((hop) => spots.get(hop.id)?.y ?? NaN);
      for (const [index, y] of rows.entries()) {
        expect(y).toBeGreaterThan(16);
        if (index > 0) expect(y - (rows[index - 1] ?? 0)).toBeGreaterThanOrEqual(node.height);
      }
    }
  });

  it('fits the columns of a usual window at full size', () => {
    const places = layout(graph(0), { width: 896, height: 700 });
    expect(places.width).toBeLessThanOrEqual(896);
    expect(fit(places, { width: 932, height: 760 }, 18).zoom).toBe(1);
  });

  it('lays out a graph without hops', () => {
    const places = layout({ hops: [], edges: [] }, area);
    expect(places.spots.size).toBe(0);
    expect(places.heads).toHaveLength(6);
  });
});

describe('apart', () => {
  it.each([
    { wishes: [0, 100], want: [0, 100] },
    { wishes: [50, 50], want: [45, 55] },
    { wishes: [0, 0, 0], want: [-10, 0, 10] },
    { wishes: [100, 0], want: [45, 55] },
    { wishes: [0, 2, 100], want: [-4, 6, 100] },
    { wishes: [], want: [] },
  ])('$wishes become $want', ({ wishes, want }) => expect(apart(wishes, 10)).toEqual(want));
});

describe('neighbour', () => {
  const { spots } = layout(graph(0), area);

  it.each([
    ['lan', 'ArrowRight', 'name/photos'],
    ['service/echo', 'ArrowDown', 'service/grafana'],
    ['service/grafana', 'ArrowUp', 'service/echo'],
    ['service/echo', 'ArrowUp', null],
    ['ingress', 'ArrowLeft', 'way-in/pi-2'],
    ['ingress', 'a', null],
  ])('%s %s leads to %s', (from, key, want) => expect(neighbour(spots, from, key)).toBe(want));
});
