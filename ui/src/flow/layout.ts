// Where each box stands: fixed columns by kind of hop, rows in the picture's own order. Pure, and blind to
// health, so that nothing jumps when only the state of a hop changes. No layout library is needed for it.
import type { Column, Edge } from '../api/types';
import type { Item } from './fold';
import { head, zoomed } from './viewport';
import { lines, type Box, type Line, type Point } from './lines';

export const columns: readonly Column[] = [
  'who',
  'name',
  'way-in',
  'ingress',
  'certificate',
  'service',
  'pods',
  'runs-on',
];
export const node = { width: 127, widest: 168, height: 54, dense: 32, heading: 26 } as const;
/** What hangs on a service is drawn as badges beside it. */
const badges: Partial<Record<Column, number>> = { certificate: 46, pods: 64 };
/** Who visits has a short name. */
const who = 101;
export const isBadge = (column: Column): boolean => badges[column] !== undefined;
/** Between a badge and its service. */
const close = 12;
/** More rows than this in a column are drawn in one line each. */
const crowded = 12;
const row = { least: 64, most: 84, dense: 38 } as const;
const tight = row.dense - node.dense;
const gap = { least: 21, most: 72 } as const;

export interface Layout {
  spots: ReadonlyMap<string, Box>;
  /** `room`: how wide a heading may be. */
  heads: { column: Column; x: number; room: number }[];
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

  // Names and badges stand beside their services and machines are met twice, so all of a kind are drawn alike.
  const count = (...pair: Column[]) => Math.max(1, ...pair.map((column) => rows(column).length));
  const isDense = (column: Column) =>
    (besides.has(column)
      ? count('name', 'service')
      : column === 'way-in' || column === 'runs-on'
        ? count('way-in', 'runs-on')
        : count(column)) > crowded;
  const tallest = Math.max(...columns.map((column) => (isDense(column) ? 1 : count(column))));
  const step = Math.min(row.most, Math.max(row.least, (area.height - head) / tallest));
  const height = ({ column, group }: Placed) =>
    group?.open
      ? node.heading
      : isBadge(column)
        ? node.dense
        : group || !isDense(column)
          ? node.height
          : node.dense;

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
  // A badge stands on the line of the first service that it belongs to, where only that one's own line runs.
  for (const item of [...rows('certificate'), ...rows('pods')]) {
    const first = picture.edges.find(({ from, to }) =>
      item.column === 'pods' ? to === item.id && middle.has(from) : from === item.id && middle.has(to),
    );
    middle.set(item.id, middle.get((item.column === 'pods' ? first?.from : first?.to) ?? '') ?? 0);
  }
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
  const width = (column: Column) => badges[column] ?? (column === 'who' ? who : box);
  const gapBefore = (column: Column) =>
    column === 'service' || column === 'pods'
      ? close
      : column === 'certificate'
        ? between + numbers
        : between;
  let x = 0;
  const lefts = new Map<Column, number>();
  for (const [index, column] of columns.entries()) {
    if (index > 0) x += gapBefore(column);
    lefts.set(column, Math.round(x));
    x += width(column);
  }
  const left = (column: Column) => lefts.get(column) ?? 0;
  const spots = new Map<string, Box>();
  for (const item of picture.items) {
    const y = Math.round((middle.get(item.id) ?? 0) - height(item) / 2 - top + head);
    spots.set(item.id, { x: left(item.column), y, width: width(item.column), height: height(item) });
  }
  const names = new Set(rows('name').map(({ id }) => id));
  return {
    spots,
    ...lines(picture.edges, spots, (id) => names.has(id), left('certificate')),
    heads: columns.map((column, index) => {
      const next = columns[index + 1];
      return { column, x: left(column), room: next ? left(next) - left(column) - 6 : box };
    }),
    width: left('runs-on') + box,
    height: Math.round(bottom),
    box,
    between,
  };
}

/** Room between ingress and services for what is written on each of the lines there. */
const numbers = 20;
const besides: ReadonlySet<Column> = new Set(['name', 'certificate', 'service', 'pods']);

/** How the width is shared: gaps first, for lines to be told apart, then boxes, for longer names. */
function shared(width: number): { box: number; between: number } {
  const gaps = columns.filter((column) => !isBadge(column)).length - 1;
  const boxes = gaps;
  const fixed = Object.values(badges).reduce((sum, badge) => sum + badge + close, 0) + numbers + who;
  const spare = Math.max(0, width - fixed - boxes * node.width);
  const between = Math.min(gap.most, Math.max(gap.least, (spare * 0.6) / gaps));
  const rest = spare - between * gaps;
  return {
    box: Math.floor(node.width + Math.min(node.widest - node.width, Math.max(0, rest / boxes))),
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
