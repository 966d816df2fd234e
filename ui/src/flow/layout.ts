// Where each box stands: fixed columns by kind of hop, rows in the picture's own order. Pure, and blind to
// health, so that nothing jumps when only the state of a hop changes. No layout library is needed for it.
import type { Column } from '../api/types';
import { head, zoomed } from './viewport';
import { Ends, type Placed, type Shape } from './ends';
import { Lines, type Box, type Line, type Point } from './lines';

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
  /** Another one when boxes or lines came or went, not when the area is another one. */
  edition: number;
}
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

/** Lays one picture out for a drawing area in pixels; columns and rows take the room that is there, within reason. */
export const layout = (picture: Shape, area: Area): Layout => new Layouter().layout(picture, area);

interface Area {
  width: number;
  height: number;
}

/**
 * Lays pictures out that follow one another, as `layout` would each of them. Boxes and lines that stay are kept and moved,
 * so a layout holds until the next one is made; one of the same boxes and lines is the very same object.
 */
export class Layouter {
  #ends = new Ends();
  #lines = new Lines();
  #boxes: Box[] = [];
  #area: Area = { width: NaN, height: NaN };
  #last: Layout | null = null;
  #edition = 1;

  layout(picture: Shape, area: Area): Layout {
    const isSame = this.#ends.take(picture);
    const isThere = area.width === this.#area.width && area.height === this.#area.height;
    if (this.#last && isSame && isThere) return this.#last;
    this.#area = area;
    if (!isSame) this.#edition += 1;
    return (this.#last = this.#placed(picture.items, area));
  }

  #placed(all: readonly Placed[], area: Area): Layout {
    const { slots } = this.#ends;
    const rowsOf = new Map(columns.map((column) => [column, [] as number[]]));
    /** By number, as everything below. */
    const items = new Array<Placed | undefined>(this.#ends.ids.length).fill(undefined);
    while (this.#boxes.length < items.length) this.#boxes.push({ x: 0, y: 0, width: 0, height: 0 });
    for (const [index, item] of all.entries()) {
      const slot = slots[index] ?? 0;
      items[slot] = item;
      rowsOf.get(item.column)?.push(slot);
    }
    const rows = (column: Column) => rowsOf.get(column) ?? [];

    // Names and badges stand beside their services and machines are met twice, so all of a kind are drawn alike.
    const count = (...pair: Column[]) => Math.max(1, ...pair.map((column) => rows(column).length));
    const isDense = (column: Column) =>
      (besides.has(column)
        ? count('name', 'service')
        : column === 'way-in' || column === 'runs-on'
          ? count('way-in', 'runs-on')
          : count(column)) > crowded;
    const dense = new Set(columns.filter(isDense));
    const tallest = Math.max(...columns.map((column) => (dense.has(column) ? 1 : count(column))));
    const step = Math.min(row.most, Math.max(row.least, (area.height - head) / tallest));
    const heightOf = ({ column, group }: Placed) =>
      group?.open
        ? node.heading
        : isBadge(column)
          ? node.dense
          : group || !dense.has(column)
            ? node.height
            : node.dense;
    const heights = new Float64Array(items.length);
    for (const slot of slots) heights[slot] = heightOf(items[slot] as Placed);
    const height = (slot: number) => heights[slot] as number;
    const isOpen = (slot: number) => items[slot]?.group?.open ?? false;

    /** Where the middle of each box is; NaN while it has no place. */
    const middle = new Float64Array(items.length).fill(NaN);
    const place = (column: Column, wishes: readonly number[], apiece = step) => {
      const space = dense.has(column) ? tight : apiece - node.height;
      const offsets: number[] = [];
      let offset = 0;
      let before = -1;
      for (const slot of rows(column)) {
        if (before >= 0) offset += height(before) / 2 + (isOpen(before) ? tight : space) + height(slot) / 2;
        offsets.push(offset);
        before = slot;
      }
      const places = apart(wishes, offsets);
      for (const [index, slot] of rows(column).entries()) middle[slot] = places[index] ?? 0;
    };
    const nowhere = (column: Column) => rows(column).map(() => 0);
    const { ahead, beside } = this.#amid(items, middle);

    place('service', nowhere('service'));
    const machines = count('runs-on');
    place('runs-on', nowhere('runs-on'), Math.max(step, Math.min(2 * step, (tallest * step) / machines)));
    beside();
    for (const slot of [...rows('certificate'), ...rows('pods')])
      if (Number.isNaN(middle[slot])) middle[slot] = 0;
    for (const column of ['ingress', 'way-in'] as const) place(column, ahead(rows(column)));
    // Where names are as many as services, each stands on the line of its own.
    const services = rows('service').filter((slot) => !isOpen(slot));
    const isBeside = services.length === rows('name').length;
    place('name', isBeside ? services.map((slot) => middle[slot] ?? 0) : ahead(rows('name')));
    place('who', ahead(rows('who')));

    let top = 0;
    let lowest = -Infinity;
    for (const slot of slots) {
      top = Math.min(top, (middle[slot] as number) - height(slot) / 2);
      lowest = Math.max(lowest, (middle[slot] as number) + height(slot) / 2);
    }
    const bottom = Math.max(node.height, lowest - top) + head;
    // A picture that is too high for the area is shown smaller, which leaves it more room in its width.
    const zoom = Math.min(1, Math.max(zoomed.readable, area.height / bottom));
    const { box, between, lefts } = across(area.width / zoom);
    const left = (column: Column) => lefts.get(column) ?? 0;
    const spots = new Map<string, Box>();
    for (const slot of slots) {
      const { id, column } = items[slot] as Placed;
      const spot = this.#boxes[slot] as Box;
      spot.x = left(column);
      spot.y = Math.round((middle[slot] as number) - height(slot) / 2 - top + head);
      spot.width = widthOf(column, box);
      spot.height = height(slot);
      spots.set(id, spot);
    }
    const isName = (slot: number) => items[slot]?.column === 'name';
    return {
      spots,
      ...this.#lines.take(this.#ends, this.#boxes, isName, left('certificate')),
      heads: columns.map((column, index) => {
        const next = columns[index + 1];
        return { column, x: left(column), room: next ? left(next) - left(column) - 6 : box };
      }),
      width: left('runs-on') + box,
      height: Math.round(bottom),
      box,
      between,
      edition: this.#edition,
    };
  }

  /** Places that follow from those of others: `ahead`, amid what a box leads to, as far as that has its place; `beside`, for
   * a badge on the line of the first service that it belongs to, where only that one's own line runs. */
  #amid(items: readonly (Placed | undefined)[], middle: Float64Array) {
    const { from, to } = this.#ends;
    const isIn = (slot: number, column: Column) => items[slot]?.column === column;
    const beside = () => {
      for (let edge = 0; edge < from.length; edge += 1) {
        const source = from[edge] as number;
        const target = to[edge] as number;
        if (isIn(target, 'service') && isIn(source, 'certificate') && Number.isNaN(middle[source]))
          middle[source] = middle[target] as number;
        else if (isIn(source, 'service') && isIn(target, 'pods') && Number.isNaN(middle[target]))
          middle[target] = middle[source] as number;
      }
    };
    const ahead = (rows: readonly number[]): number[] => {
      const sums = new Float64Array(items.length);
      const known = new Int32Array(items.length).fill(-1);
      for (const slot of rows) known[slot] = 0;
      for (let edge = 0; edge < from.length; edge += 1) {
        const source = from[edge] as number;
        if (source < 0 || (known[source] as number) < 0) continue;
        const at = middle[to[edge] as number] ?? NaN;
        if (Number.isNaN(at)) continue;
        sums[source] = (sums[source] as number) + at;
        known[source] = (known[source] as number) + 1;
      }
      return rows.map((slot) => (known[slot] ? (sums[slot] as number) / (known[slot] as number) : 0));
    };
    return { ahead, beside };
  }
}

const widthOf = (column: Column, box: number) => badges[column] ?? (column === 'who' ? who : box);

/** Where each column begins, in a drawing of this width. */
function across(width: number) {
  const { box, between } = shared(width);
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
    x += widthOf(column, box);
  }
  return { box, between, lefts };
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
