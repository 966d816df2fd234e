import { describe, expect, it } from 'vitest';
import { crowd } from '../../tests/fixture/crowd';
import { graph } from '../../tests/fixture/graph';
import type { FlowGraph } from '../api/types';
import { fold, type Picture } from './fold';
import { apart, columns, layout } from './layout';
import { head } from './viewport';
import type { Box, Point } from './lines';

const area = { width: 1200, height: 700 };
const drawn = (flow: FlowGraph, folded = false): Picture => fold(flow, () => folded);
const boxes = (spots: ReadonlyMap<string, Box>) => [...spots.values()];

function overlap(a: Box, b: Box): boolean {
  return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
}

describe('layout', () => {
  it('puts each hop into the column of its kind', () => {
    const picture = drawn(graph(0));
    const places = layout(picture, area);
    for (const item of picture.items) {
      const column = places.heads.find((other) => other.column === item.column);
      expect(places.spots.get(item.id)?.x, item.id).toBe(column?.x);
    }
    expect(places.heads.map(({ column }) => column)).toEqual(columns);
  });

  it('moves nothing when only the state of hops changes', () => {
    const before = graph(0);
    const after = {
      ...before,
      hops: before.hops.map((hop) => ({ ...hop, health: 'unknown' as const })),
      edges: before.edges.map((edge) => ({ ...edge, health: 'down' as const, latencyMs: 7 })),
    };
    expect(layout(drawn(after), area)).toEqual(layout(drawn(before), area));
  });

  it('fits the columns of a usual window, and draws wider boxes where there is room', () => {
    // What is a little wider is shown a little smaller.
    expect(layout(drawn(graph(0)), { width: 896, height: 700 }).width * 0.9).toBeLessThanOrEqual(896);
    const wide = layout(drawn(graph(0)), { width: 1500, height: 700 });
    expect(wide.box).toBeGreaterThan(128);
    expect(wide.width).toBeLessThanOrEqual(1500);
  });

  it('sets each name on the line of its service', () => {
    const { spots } = layout(drawn(graph(0)), area);
    const middle = (id: string) => (spots.get(id)?.y ?? NaN) + (spots.get(id)?.height ?? NaN) / 2;
    for (const name of ['echo', 'wiki', 'backup'])
      expect(middle(`name/${name}`)).toBe(middle(`service/${name}`));
  });

  it('lays out a picture without boxes', () => {
    const places = layout({ items: [], edges: [] }, area);
    expect(places.spots.size).toBe(0);
    expect(places.heads).toHaveLength(8);
  });
});

describe.each([
  { services: 1, machines: 1, namespaces: 1 },
  { services: 9, machines: 3, namespaces: 9 },
  { services: 40, machines: 5, namespaces: 4 },
  { services: 200, machines: 20, namespaces: 14 },
  { services: 200, machines: 20, namespaces: 200 },
])('the layout of $services services on $machines machines in $namespaces namespaces', (size) => {
  describe.each([1, 2, 3, 4, 5].flatMap((seed) => [true, false].map((folded) => ({ seed, folded }))))(
    'seed $seed, folded: $folded',
    ({ seed, folded }) => {
      const picture = drawn(crowd(seed, size), folded);
      const places = layout(picture, area);

      it('has no overlapping boxes, nor any above the headings', () => {
        const all = boxes(places.spots);
        expect(all).toHaveLength(picture.items.length);
        expect(Math.min(...all.map((box) => box.y))).toBe(head);
        expect(Math.max(...all.map((box) => box.y + box.height))).toBeLessThanOrEqual(places.height);
        const pairs = all.flatMap((box, index) =>
          all.slice(index + 1).filter((other) => overlap(box, other)),
        );
        expect(pairs).toEqual([]);
      });

      it('keeps every line in the gap between two columns, where no box is', () => {
        const columns = [...new Map(boxes(places.spots).map(({ x, width }) => [x, width]))];
        for (const { start, end, bent, id } of places.lines) {
          const inside = ({ x, y, width, height }: Box, from: Point, to: Point) =>
            from.x < x + width &&
            to.x > x &&
            Math.max(from.y, to.y) > y &&
            Math.min(from.y, to.y) < y + height;
          if (start.x === end.x) {
            // Down a column it runs from one box to the next.
            const hidden = boxes(places.spots).filter(
              ({ x, y, width, height }) =>
                start.x > x && start.x < x + width && y < end.y && y + height > start.y,
            );
            expect(hidden, id).toEqual([]);
            continue;
          }
          const until = bent ?? end.x;
          expect(start.x, id).toBeLessThan(until);
          // A curve stays between its ends, see `curve`.
          for (const [left, width] of columns) expect(start.x < left + width && until > left, id).toBe(false);
          // From where it has bent on, it passes badges on a line where none is.
          const flat = { x: until, y: end.y };
          expect(
            boxes(places.spots).filter((box) => inside(box, flat, end)),
            id,
          ).toEqual([]);
        }
      });

      it('draws each edge exactly once: by itself, or from its box and into its box where lines meet', () => {
        const ends = new Map<number, number>();
        for (const line of places.lines)
          for (const edge of line.edges)
            ends.set(
              edge,
              (ends.get(edge) ?? 0) + (places.joints.length > 0 && line.id.includes('*') ? 1 : 2),
            );
        expect(ends.size).toBe(picture.edges.length);
        expect(new Set(places.lines.map(({ id }) => id)).size).toBe(places.lines.length);
        expect(new Set(ends.values())).toEqual(new Set([2]));
      });

      it('is the same every time', () =>
        expect(layout(drawn(crowd(seed, size), folded), area)).toEqual(places));
    },
  );
});

it('lays 200 services out fast, and folded ones fit a window', () => {
  const size = { services: 200, machines: 20, namespaces: 10 };
  const flow = crowd(7, size);
  const start = performance.now();
  for (let time = 0; time < 10; time += 1) layout(drawn(flow), area);
  // About 10 ms on a slow machine; the limit leaves room for a busy one.
  expect((performance.now() - start) / 10).toBeLessThan(150);
  const folded = layout(drawn(flow, true), area);
  expect(folded.height).toBeLessThan(1000);
  expect(folded.lines.length).toBeLessThan(400);
});

describe('apart', () => {
  it.each([
    { wishes: [0, 100], want: [0, 100] },
    { wishes: [50, 50], want: [45, 55] },
    { wishes: [0, 0, 0], want: [-10, 0, 10] },
    { wishes: [100, 0], want: [45, 55] },
    { wishes: [0, 2, 100], want: [-4, 6, 100] },
    { wishes: [], want: [] },
  ])('$wishes become $want', ({ wishes, want }) =>
    expect(
      apart(
        wishes,
        wishes.map((_, index) => index * 10),
      ),
    ).toEqual(want),
  );

  it('minds different sizes', () => expect(apart([0, 0, 0], [0, 40, 50])).toEqual([-30, 10, 20]));
});
