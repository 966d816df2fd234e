// The lines between boxes as curves that stay in the gap between two columns, so that none runs behind a box.
// Where every name leads to every worker, a line for each pair would be a grey wall: they meet in one point
// between the columns instead. Geometry alone is kept here; health and light are read when a line is drawn.
import type { Edge, Health } from '../api/types';
import { edgeKey, worst, type Item } from './fold';

export interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}
export interface Point {
  x: number;
  y: number;
}
export interface Line {
  id: string;
  start: Point;
  end: Point;
  /** Where its curve ends, if it goes on straight from there. */
  bent?: number;
  /** The edges that run through it; more than one where lines meet. */
  edges: string[];
}
type Ends = Pick<Edge, 'from' | 'to'>;

const out = ({ x, y, width, height }: Box): Point => ({ x: x + width, y: y + height / 2 });
const into = ({ x, y, height }: Box): Point => ({ x, y: y + height / 2 });
const n = (value: number): string => String(Math.round(value * 10) / 10);

/** Between boxes that stand in one column it is straight. One that passes a column of badges has bent before, and runs on
 * the line of its end, where no other badge is. */
export function curve({ start, end, bent }: Pick<Line, 'start' | 'end' | 'bent'>): string {
  if (start.x === end.x) return `M${n(start.x)} ${n(start.y)}V${n(end.y)}`;
  const until = bent ?? end.x;
  const middle = n((start.x + until) / 2);
  const on = until === end.x ? '' : `H${n(end.x)}`;
  return `M${n(start.x)} ${n(start.y)}C${middle} ${n(start.y)} ${middle} ${n(end.y)} ${n(until)} ${n(end.y)}${on}`;
}

/** Targets that exactly the same sources lead to, where meeting in one point saves lines. */
function meetings(edges: readonly Ends[]): { sources: string[]; targets: string[] }[] {
  const sources = new Map<string, Set<string>>();
  for (const { from, to } of edges) sources.set(to, (sources.get(to) ?? new Set()).add(from));
  const alike = new Map<string, { sources: string[]; targets: string[] }>();
  for (const [to, set] of sources) {
    const sorted = [...set].toSorted();
    const key = sorted.join('\n');
    const known = alike.get(key);
    if (known) known.targets.push(to);
    else alike.set(key, { sources: sorted, targets: [to] });
  }
  return [...alike.values()].filter(
    ({ sources, targets }) => sources.length * targets.length > sources.length + targets.length,
  );
}

const below = ({ x, y, width, height }: Box): Point => ({ x: x + width / 2, y: y + height });
const above = ({ x, y, width }: Box): Point => ({ x: x + width / 2, y });

/** A line of its own. One that goes past `badges`, where the badges of services are, bends before them. */
function between(edge: Ends, from: Box, to: Box, badges: number): Line {
  const id = edgeKey(edge);
  if (from.x === to.x) {
    const [start, end] = from.y < to.y ? [below(from), above(to)] : [above(from), below(to)];
    return { id, start, end, edges: [id] };
  }
  const [start, end] = [out(from), into(to)];
  return { id, start, end, edges: [id], ...(start.x < badges && badges < end.x ? { bent: badges } : {}) };
}

/** `meets`: whether the lines out of a box may meet those of its neighbours. `badges`: where the column of them begins. */
export function lines(
  edges: readonly Ends[],
  spots: ReadonlyMap<string, Box>,
  meets: (id: string) => boolean,
  badges: number,
): { lines: Line[]; joints: Point[] } {
  const drawn: Line[] = [];
  const joints: Point[] = [];
  const met = new Set<string>();
  for (const [index, { sources, targets }] of meetings(edges.filter(({ from }) => meets(from))).entries()) {
    const from = sources.flatMap((id) => spots.get(id) ?? []);
    const to = targets.flatMap((id) => spots.get(id) ?? []);
    const first = from[0];
    const last = to[0];
    if (!first || !last) continue;
    const joint = {
      x: (out(first).x + into(last).x) / 2,
      y: to.reduce((sum, box) => sum + into(box).y, 0) / to.length,
    };
    joints.push(joint);
    const keys = (from: string[], to: string[]) =>
      from.flatMap((a) => to.map((b) => edgeKey({ from: a, to: b })));
    for (const source of sources) {
      const box = spots.get(source);
      if (box)
        drawn.push({
          id: `${source}>*${index}`,
          start: out(box),
          end: joint,
          edges: keys([source], targets),
        });
    }
    for (const target of targets) {
      const box = spots.get(target);
      if (box)
        drawn.push({
          id: `*${index}>${target}`,
          start: joint,
          end: into(box),
          edges: keys(sources, [target]),
        });
    }
    for (const key of keys(sources, targets)) met.add(key);
  }
  for (const edge of edges) {
    const from = spots.get(edge.from);
    const to = spots.get(edge.to);
    if (from && to && !met.has(edgeKey(edge))) drawn.push(between(edge, from, to, badges));
  }
  return { lines: drawn, joints };
}

/** Where a number is written: at the line's start, on the side that it does not bend to. */
export const beside = ({ start, end }: Line): Point => ({
  x: start.x + 6,
  y: end.y < start.y ? start.y + 13 : start.y - 4,
});

export interface Drawn {
  line: Line;
  d: string;
  health: Health;
  lit: boolean;
  /** Down only because a box is: the cause is red, what hangs below it is quiet. */
  quiet: boolean;
  /** One of very many between two columns: drawn faintly, so that they are a tone and not a wall. */
  faint: boolean;
  latencyMs: number | null;
  perSecond: number | null;
}

/** Whether there is room for a line's rate, and it says something: short lines repeat it, and an idle service is told of
 * once it is selected. */
export const isWritten = ({ start, end }: Line, lit: boolean, perSecond: number): boolean =>
  (start.x === end.x ? end.y - start.y >= 14 : end.x - start.x >= 40) && (lit || perSecond > 0);

/** Where a rate is written: above the end of its line, where no two lines meet; in a column beside the line. */
export const atEnd = ({ start, end, bent }: Line): Point =>
  start.x === end.x
    ? { x: start.x + 5, y: (start.y + end.y) / 2 + 4 }
    : { x: (bent ?? end.x) - 4, y: end.y - 4 };

type State = Pick<Item, 'health' | 'quiet'> | undefined;
/** Whether an edge is down only because of what it comes from or leads to; the one into the cause is as red as it. */
const isQuiet = (from: State, to: State): boolean =>
  to?.quiet === true || (from?.health === 'down' && to?.health !== 'down');

const crowd = 48;
const goodness: readonly Health[] = ['up', 'degraded', 'unknown', 'down'];
const best = (healths: Health[]): Health => goodness.find((health) => healths.includes(health)) ?? 'unknown';

/** Lines with what is known now. A line where several meet is as good as its best edge; an edge that is worse
 * than both lines it runs through gets one of its own, so that meeting hides nothing. */
export function drawLines(
  lines: readonly Line[],
  edges: readonly Edge[],
  spots: ReadonlyMap<string, Box>,
  item: (id: string) => Pick<Item, 'health' | 'quiet'> | undefined,
  isLit: (id: string) => boolean,
): Drawn[] {
  const known = new Map(edges.map((edge) => [edgeKey(edge), edge]));
  const through = new Map<string, Health>();
  const company = new Map<number, number>();
  for (const { start } of lines) company.set(start.x, (company.get(start.x) ?? 0) + 1);
  const draw = (line: Line): Drawn => {
    const own = line.edges.flatMap((key) => known.get(key) ?? []);
    const state = best(own.map((edge) => edge.health));
    if (line.edges.length > 1)
      for (const key of line.edges) through.set(key, worst([through.get(key) ?? 'up', state]));
    return {
      line,
      d: curve(line),
      health: state,
      lit: own.some((edge) => isLit(edge.from) && isLit(edge.to)),
      faint: (company.get(line.start.x) ?? 0) > crowd,
      quiet: state === 'down' && own.every((edge) => isQuiet(item(edge.from), item(edge.to))),
      latencyMs: own.length === 1 ? (own[0]?.latencyMs ?? null) : null,
      perSecond: own.length === 1 ? (own[0]?.rate?.perSecond ?? null) : null,
    };
  };
  const drawn = lines.map(draw);
  for (const [key, state] of through) {
    const edge = known.get(key);
    const from = edge && spots.get(edge.from);
    const to = edge && spots.get(edge.to);
    if (from && to && worst([edge.health, state]) !== state)
      drawn.push(draw({ id: key, start: out(from), end: into(to), edges: [key] }));
  }
  return drawn;
}
