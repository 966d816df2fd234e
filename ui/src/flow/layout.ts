// Where each box stands: fixed columns by kind of hop, rows in the picture's own order. Pure, and blind to
// health, so that nothing jumps when only the state of a hop changes. No layout library is needed for it.
import type { Column, Edge } from '../api/types';
import type { Item } from './fold';
import { head, zoomed } from './viewport';
import { lines, type Box, type Line, type Point } from './lines';

export const columns: readonly Column[] = ['who', 'name', 'way-in', 'ingress', 'service', 'runs-on'];
export const node = { width: 128, widest: 168, height: 54, dense: 32, heading: 26 } as const;
/** More rows than this in a column are drawn in one line each. */
const crowded = 12;
const row = { least: 64, most: 84, dense: 38 } as const;
const tight = row.dense - node.dense;
const gap = { least: 24, most: 72 } as const;

export interface Layout {
  spots: ReadonlyMap<string, Box>;
  heads: { column: Column; x: number }[];
  lines: Line[];
  joints: Point[];
  width: number;
  height: number;
  /** How wide a box is, and how much room is between two columns. */
  box: number;
  between: number;
}
type Placed = Pick<Item, 'id' | 'column'> & { group?: { open: boolean } };
export interface Shape {
  items: readonly Placed[];
  edges: readonly Pick<Edge, 'from' | 'to'>[];
}

const mean = (values: number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

/** Moves wished places apart, keeps their order, and stays as near as it can: neighbours that collide become a
 * block around the mean of their wishes. `offsets`: how far from the first each one stands when all touch. */
export function apart(wishes: readonly number[], offsets: readonly number[]): number[] {
  const blocks: { sum: number; size: number }[] = [];
  wishes.forEach((wish, index) => {
    let block = { sum: wish - (offsets[index] ?? 0), size: 1 };
    for (
      let last = blocks.at(-1);
      last && last.sum / last.size > block.sum / block.size;
      last = blocks.at(-1)
    ) {
      blocks.pop();
      block = { sum: last.sum + block.sum, size: last.size + block.size };
    }
    blocks.push(block);
  });
  return blocks
    .flatMap(({ sum, size }) => Array<number>(size).fill(sum / size))
    .map((base, index) => base + (offsets[index] ?? 0));
}

/** Lays the picture out for a drawing area in pixels; columns and rows take the room that is there, within reason. */
export function layout(picture: Shape, area: { width: number; height: number }): Layout {
  const of = new Map(columns.map((column) => [column, [] as Placed[]]));
  for (const item of picture.items) of.get(item.column)?.push(item);
  const rows = (column: Column) => of.get(column) ?? [];

  // Names stand beside their services and machines are met twice, so both of a pair are drawn alike.
  const count = (...pair: Column[]) => Math.max(1, ...pair.map((column) => rows(column).length));
  const isDense = (column: Column) =>
    (column === 'name' || column === 'service'
      ? count('name', 'service')
      : column === 'way-in' || column === 'runs-on'
        ? count('way-in', 'runs-on')
        : count(column)) > crowded;
  const tallest = Math.max(...columns.map((column) => (isDense(column) ? 1 : count(column))));
  const step = Math.min(row.most, Math.max(row.least, (area.height - head) / tallest));
  const height = ({ column, group }: Placed) =>
    group ? (group.open ? node.heading : node.height) : isDense(column) ? node.dense : node.height;

  const middle = new Map<string, number>();
  const place = (column: Column, wish: (id: string) => number, apiece = step) => {
    const items = rows(column);
    const space = isDense(column) ? tight : apiece - node.height;
    let offset = 0;
    const offsets = items.map((item, index) => {
      const before = items[index - 1];
      if (before) offset += height(before) / 2 + (before.group?.open ? tight : space) + height(item) / 2;
      return offset;
    });
    const places = apart(
      items.map(({ id }) => wish(id)),
      offsets,
    );
    items.forEach(({ id }, index) => middle.set(id, places[index] ?? 0));
  };
  const next = new Map<string, string[]>();
  for (const { from, to } of picture.edges) next.set(from, [...(next.get(from) ?? []), to]);
  const ahead = (id: string): number => {
    const known = (next.get(id) ?? []).flatMap((to) => middle.get(to) ?? []);
    return known.length > 0 ? mean(known) : 0;
  };

  place('service', () => 0);
  const machines = count('runs-on');
  place('runs-on', () => 0, Math.max(step, Math.min(2 * step, (tallest * step) / machines)));
  for (const column of ['ingress', 'way-in'] as const) place(column, ahead);
  const level = besideServices(rows('name'), rows('service'), middle);
  place('name', (id) => level.get(id) ?? ahead(id));
  place('who', ahead);

  const edge = (item: Placed, side: -1 | 1) => (middle.get(item.id) ?? 0) + (side * height(item)) / 2;
  const top = Math.min(0, ...picture.items.map((item) => edge(item, -1)));
  const bottom = Math.max(node.height, ...picture.items.map((item) => edge(item, 1) - top)) + head;
  // A picture that is too high for the area is shown smaller, which leaves it more room in its width.
  const zoom = Math.min(1, Math.max(zoomed.readable, area.height / bottom));
  const { box, between } = shared(area.width / zoom);
  const left = (column: Column) => Math.round(columns.indexOf(column) * (box + between));
  const spots = new Map<string, Box>();
  for (const item of picture.items) {
    const y = Math.round((middle.get(item.id) ?? 0) - height(item) / 2 - top + head);
    spots.set(item.id, { x: left(item.column), y, width: box, height: height(item) });
  }
  const names = new Set(rows('name').map(({ id }) => id));
  return {
    spots,
    ...lines(picture.edges, spots, (id) => names.has(id)),
    heads: columns.map((column) => ({ column, x: left(column) })),
    width: left('runs-on') + box,
    height: Math.round(bottom),
    box,
    between,
  };
}

/** How the width is shared: gaps first, for lines to be told apart, then boxes, for longer names. */
function shared(width: number): { box: number; between: number } {
  const spare = Math.max(0, width - columns.length * node.width);
  const between = Math.min(gap.most, Math.max(gap.least, (spare * 0.6) / (columns.length - 1)));
  const rest = spare - between * (columns.length - 1);
  return {
    box: Math.floor(node.width + Math.min(node.widest - node.width, Math.max(0, rest / columns.length))),
    between,
  };
}

/** Where names are as many as services, each stands on the line of its own. */
function besideServices(
  names: readonly Placed[],
  services: readonly Placed[],
  middle: ReadonlyMap<string, number>,
): Map<string, number> {
  const rows = services.filter((item) => !item.group?.open);
  if (rows.length !== names.length) return new Map();
  return new Map(names.map(({ id }, index) => [id, middle.get(rows[index]?.id ?? '') ?? 0]));
}
