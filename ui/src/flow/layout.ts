// Where each hop stands: fixed columns by kind of hop, rows in the graph's own order. Pure, and blind to
// health, so that nothing jumps when only the state of a hop changes. No layout library is needed for it.
import type { Column, Edge, Hop } from '../api/types';

export const columns: readonly Column[] = ['who', 'name', 'way-in', 'ingress', 'service', 'runs-on'];
export const node = { width: 128, height: 54 } as const;
const row = { least: 64, most: 84 } as const;
const head = 32;
const gap = { least: 24, most: 96 } as const;

export interface Spot {
  x: number;
  y: number;
}
export interface Layout {
  spots: Map<string, Spot>;
  heads: { column: Column; x: number }[];
  width: number;
  height: number;
  /** Room between two columns, for what is written on a line. */
  between: number;
}
type Graph = {
  hops: readonly Pick<Hop, 'id' | 'column'>[];
  edges: readonly Pick<Edge, 'from' | 'to'>[];
};

const mean = (values: number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

/** Moves wished places apart to at least one row each, keeps their order, and stays as near as it can:
 * neighbours that collide become a block around the mean of their wishes. */
export function apart(wishes: readonly number[], pitch: number): number[] {
  const blocks: { sum: number; size: number }[] = [];
  wishes.forEach((wish, index) => {
    let block = { sum: wish - index * pitch, size: 1 };
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
    .map((base, index) => base + index * pitch);
}

/** Lays the graph out for a drawing area in pixels; columns and rows take the room that is there, within reason. */
export function layout(graph: Graph, area: { width: number; height: number }): Layout {
  const room = (area.width - columns.length * node.width) / (columns.length - 1);
  const between = Math.min(gap.most, Math.max(gap.least, room));
  const pitch = node.width + between;
  const of = (column: Column) => graph.hops.filter((hop) => hop.column === column);
  const tallest = Math.max(1, ...columns.map((column) => of(column).length));
  const step = Math.min(row.most, Math.max(row.least, (area.height - head) / tallest));
  const middle = ((tallest - 1) * step) / 2;
  const y = new Map<string, number>();

  const place = (column: Column, wish: (id: string) => number, apiece = step) => {
    const hops = of(column);
    const places = apart(
      hops.map((hop) => wish(hop.id)),
      apiece,
    );
    hops.forEach((hop, index) => y.set(hop.id, places[index] ?? 0));
  };
  const ahead = (id: string): number => {
    const known = graph.edges.filter((edge) => edge.from === id).flatMap((edge) => y.get(edge.to) ?? []);
    return known.length > 0 ? mean(known) : middle;
  };

  place('service', () => middle);
  const machines = of('runs-on').length;
  place(
    'runs-on',
    () => middle,
    Math.max(step, Math.min(2 * step, (tallest * step) / Math.max(1, machines))),
  );
  for (const column of ['ingress', 'way-in', 'name', 'who'] as const) place(column, ahead);

  const top = Math.min(0, ...y.values());
  const bottom = Math.max(0, ...y.values());
  const left = (column: Column) => columns.indexOf(column) * pitch;
  return {
    spots: new Map(
      graph.hops.map((hop) => [hop.id, { x: left(hop.column), y: (y.get(hop.id) ?? 0) - top + head }]),
    ),
    heads: columns.map((column) => ({ column, x: left(column) })),
    width: (columns.length - 1) * pitch + node.width,
    height: bottom - top + head + node.height,
    between,
  };
}

/** The view that shows everything, but never larger than drawn nor too small to read. */
export function fit(
  drawn: { width: number; height: number },
  area: { width: number; height: number },
  margin: number,
) {
  const wide = (area.width - 2 * margin) / drawn.width;
  const high = (area.height - 2 * margin) / drawn.height;
  const zoom = Math.min(1, Math.max(0.72, Math.min(wide, high)));
  return {
    x: Math.max(margin, (area.width - drawn.width * zoom) / 2),
    y: Math.max(margin, Math.min(40, (area.height - drawn.height * zoom) / 2)),
    zoom,
  };
}

/** The hop that an arrow key leads to: the nearest in the next column that has any, or the next in this one. */
export function neighbour(spots: Map<string, Spot>, from: string, key: string): string | null {
  const here = spots.get(from);
  if (!here) return null;
  const others = [...spots].filter(([id]) => id !== from);
  const ahead = others.filter(([, spot]) =>
    key === 'ArrowRight'
      ? spot.x > here.x
      : key === 'ArrowLeft'
        ? spot.x < here.x
        : key === 'ArrowDown'
          ? spot.x === here.x && spot.y > here.y
          : key === 'ArrowUp'
            ? spot.x === here.x && spot.y < here.y
            : false,
  );
  const far = ([, spot]: [string, Spot]) => Math.abs(spot.x - here.x) * 1000 + Math.abs(spot.y - here.y);
  return ahead.toSorted((a, b) => far(a) - far(b))[0]?.[0] ?? null;
}
